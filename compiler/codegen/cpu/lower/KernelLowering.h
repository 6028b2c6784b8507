//===- KernelLowering.h - A kernel as a function ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H

#include "compiler/codegen/cpu/lower/KernelCode.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quipu::cpu {

/// Makes a kernel a function. There is a class for each schedule.
class KernelLowering {
public:
  /// An error when passes before have not decided what they must.
  static mlir::FailureOr<std::unique_ptr<KernelLowering>>
  create(KernelOp kernel, CpuAttr cpu);
  virtual ~KernelLowering() = default;

  KernelOp getKernel() const { return kernel; }

  /// What Halide has to write; an error when it cannot.
  virtual mlir::FailureOr<std::vector<HalideJob>> getJobs();

  /// Gives the kernel's function its body, in which bitcode of the jobs is
  /// called:
  ///   void kernel(StepArgs *args, i32 layer, i32 worker, i32 workers,
  ///               operands..., results...)
  mlir::LogicalResult run(const KernelCode &code);

protected:
  explicit KernelLowering(KernelOp kernel);

  virtual mlir::LogicalResult emitBody(const KernelCode &code) = 0;

  /// The op of a kernel that has one.
  template <typename OpT> OpT getOnlyOp() {
    return llvm::cast<OpT>(kernel.getBody().front().front());
  }
  mlir::Value getOperand(unsigned index);
  /// The address of an operand of an op in the kernel, which is the kernel's.
  mlir::Value getOperand(mlir::Value operand) {
    return getOperand(llvm::cast<mlir::BlockArgument>(operand).getArgNumber());
  }
  mlir::Value getResult(unsigned index);
  mlir::Value getRow(mlir::Value pointer, mlir::Value row, int64_t rowBytes);
  mlir::Value getWeight(mlir::FlatSymbolRefAttr name);
  CacheType getCacheType();
  /// That of the cache; an error when it has no offset yet.
  mlir::FailureOr<StateOp> getState();

  KernelOp kernel;
  mlir::ImplicitLocOpBuilder builder;
  AbiBuilder abi;
  mlir::Block *entry = nullptr;
  mlir::Value args, layer, worker, workers;
};

/// By tiles of the results, or row by row: Halide computes the kernel's ops.
std::unique_ptr<KernelLowering> createTileLowering(KernelOp kernel,
                                                   CpuAttr cpu);
std::unique_ptr<KernelLowering> createRowLowering(KernelOp kernel, CpuAttr cpu);
/// By tiles of the matrices of stacks: those that tokens choose, or one for
/// each head.
std::unique_ptr<KernelLowering> createStackLowering(KernelOp kernel,
                                                    CpuAttr cpu);
std::unique_ptr<KernelLowering> createTopKLowering(KernelOp kernel);
std::unique_ptr<KernelLowering>
createAttentionLowering(KernelOp kernel, CpuAttentionAttr schedule);
std::unique_ptr<KernelLowering> createPoolLowering(KernelOp kernel);
std::unique_ptr<KernelLowering> createRopeAnglesLowering(KernelOp kernel);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
