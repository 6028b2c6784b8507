//===- KernelLowering.h - One kernel's way onto a GPU -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What to emit is decided by the kernel's schedule: there is one class for each
// attribute. All of them share how a function of the device is called.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_KERNELLOWERING_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_KERNELLOWERING_H

#include "compiler/codegen/gpu/Chip.h"
#include "compiler/codegen/gpu/Panels.h"
#include "dialect/KernelShape.h"
#include "dialect/Quipu.h"
#include "dialect/Targets.h"
#include "llvm/ADT/MapVector.h"

namespace quipu::gpu {

/// Threads of a block that computes rows: sums over a row have the same order,
/// and so the same bits, wherever they are computed.
inline constexpr unsigned rowThreads = 256;

/// Dynamic shared memory that a block can have.
inline int64_t maxSharedBytes(GpuAttr gpu) { return getChip(gpu).sharedBytes; }

/// How an operand or a result of a kernel lies in memory.
ActivationRows getRows(mlir::RankedTensorType activation);

class KernelLowering {
public:
  /// An error when passes before have not decided what they must, or when a GPU
  /// has no kernel for it.
  static mlir::FailureOr<std::unique_ptr<KernelLowering>>
  create(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
  /// Use `create`.
  KernelLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
  virtual ~KernelLowering() = default;

  KernelOp getKernel() const { return kernel; }

  /// Emits the functions of the device, and the host's that launches them;
  /// `launched` is the number of functions there were before, and after it.
  mlir::LogicalResult run(int32_t &launched);

  //===--------------------------------------------------------------------===//
  // In a function of the device
  //===--------------------------------------------------------------------===//

  DeviceBuilder &builder() { return b; }
  GpuAttr getGpu() const { return gpu; }
  /// The abi::StepArgs of the device, and the layer, i32.
  mlir::Value getStepArguments() const { return args; }
  mlir::Value getLayer() const { return layer; }
  /// A field of the abi::StepArgs.
  mlir::Value loadArgument(size_t field, mlir::Type type);
  mlir::Value loadArgument(size_t field) {
    return loadArgument(field, b.getPointerType(1));
  }
  /// How many tokens, or selected ones, the kernel runs over.
  mlir::Value getCount();
  /// The address of a weight in this layer; of a tensor operand or result of
  /// the kernel.
  mlir::Value getWeight(mlir::FlatSymbolRefAttr name);
  /// Matrix `number` (i32) of the stack at `first`.
  mlir::Value getMatrix(mlir::Value first, mlir::RankedTensorType stack,
                        mlir::Value number);
  mlir::Value getOperand(unsigned index);
  mlir::Value getOperand(mlir::BlockArgument argument) {
    return getOperand(argument.getArgNumber());
  }
  mlir::Value getResult(unsigned index);
  WeightOp lookUpWeight(mlir::FlatSymbolRefAttr name);
  /// The matrix of a stack that a token has chosen with its choice number
  /// `choice`, by ids that are an operand, or that of its head `choice`.
  mlir::Value getChosenMatrix(LinearOp linear, mlir::Value token,
                              mlir::Value choice);

  /// The kernel's cache, and the first byte that it has for this layer in the
  /// first page. An error when it has no offset yet.
  CacheType getCacheType();
  mlir::FailureOr<StateOp> getState();
  mlir::FailureOr<mlir::Value> getLayerPages();
  /// The layer's number among those that a state keeps.
  mlir::Value getLayerNumber(StateOp state);
  /// Bytes from a page to the next, an i64.
  mlir::FailureOr<int64_t> getPageBytes();
  /// The abi::PagePool of the cache.
  mlir::FailureOr<mlir::Value> getPool();

protected:
  virtual mlir::LogicalResult emit() = 0;

  struct Launch {
    std::array<int64_t, 3> grid = {1, 1, 1};
    int64_t sharedBytes = 0;
  };
  /// A function of the device that is launched behind those before; `body`
  /// emits what it does, from what it waits for on.
  mlir::LogicalResult
  emitFunction(llvm::StringRef suffix, unsigned threads,
               llvm::function_ref<mlir::FailureOr<Launch>()> body,
               unsigned blocksPerMultiprocessor = 1);

  KernelOp kernel;
  GpuAttr gpu;
  mlir::gpu::GPUModuleOp device;
  DeviceBuilder b;

private:
  mlir::LogicalResult emitHostFunction(int32_t first, int32_t end);
  mlir::SmallVector<mlir::Type> getParameterTypes(mlir::Type pointer);

  /// Those that the kernel's ops name.
  llvm::SetVector<mlir::Attribute> weights;
  mlir::Block *entry = nullptr;
  mlir::Value args, layer;
  int32_t functions = 0;
};

std::unique_ptr<KernelLowering>
createRowLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createDotLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
/// Whether it is what a gpu_gemm kernel computes: each output from one or two
/// linear layers of the same operand in f16.
bool fitsGemm(KernelOp kernel);
std::unique_ptr<KernelLowering>
createGemmLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createGemvLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createExpertLowering(KernelOp kernel, GpuAttr gpu,
                     mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createTopKLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createAttentionLowering(KernelOp kernel, GpuAttr gpu,
                        mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createPoolLowering(KernelOp kernel, GpuAttr gpu, mlir::gpu::GPUModuleOp device);
std::unique_ptr<KernelLowering>
createRopeAnglesLowering(KernelOp kernel, GpuAttr gpu,
                         mlir::gpu::GPUModuleOp device);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_KERNELLOWERING_H
