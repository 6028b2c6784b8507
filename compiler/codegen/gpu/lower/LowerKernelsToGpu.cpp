//===- LowerKernelsToGpu.cpp - Kernels as functions of a GPU --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/TokenChoice.h"
#include "compiler/codegen/gpu/TokenChoice.h"
#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace quipu::gpu {
#define GEN_PASS_DEF_LOWERKERNELSTOGPU
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

/// Adds the functions that choose tokens by the entry's logits, if it has any.
static void addTokenChoice(EntryOp entry, GpuAttr gpu,
                           mlir::gpu::GPUModuleOp device) {
  auto isLogits = [](PortAttr port) { return port.getName() == "logits"; };
  auto outputs = entry.getOutputs().getAsRange<PortAttr>();
  auto logits = llvm::find_if(outputs, isLogits);
  if (logits == outputs.end() || entry.getWholeSequences() || entry.getPooled())
    return;
  TokenChoiceShape shape;
  shape.vocabulary = (*logits).getWidth();
  // As in the program's table.
  shape.rowBytes = llvm::alignTo(shape.vocabulary, tileRows) * sizeof(float);
  shape.pools =
      static_cast<int64_t>(getPools(entry->getParentOfType<ModelOp>()).size());
  // They are the last ones.
  shape.axes = llvm::count_if(
      entry.getInputs().getAsRange<PortAttr>(), [](PortAttr port) {
        return llvm::is_contained(axisInputs, port.getName().getValue());
      });
  shape.firstAxis = static_cast<int64_t>(entry.getInputs().size()) - shape.axes;
  // The host chooses among more logits than that.
  if (!shape.fits())
    return;
  DeviceBuilder b(entry.getLoc(), entry.getContext(),
                  static_cast<unsigned>(gpu.getCapability()));
  Type pointer = b.getPointerType(1);
  auto add = [&](const char *function, int64_t parts, TokenChoiceLaunch launch,
                 auto emit) {
    std::string name = (function + entry.getSymName()).str();
    LLVM::LLVMFuncOp kernel =
        b.createKernel(device, name, {pointer, b.getI32Type(), pointer},
                       launch.threads, launch.blocks);
    emit(b, shape,
         TokenChoiceArguments{kernel.getArgument(0), kernel.getArgument(1),
                              kernel.getArgument(2)});
    b.ret();
    kernel->setAttr(deviceKernelName,
                    DeviceKernelAttr::get(b.getContext(), b.getStringAttr(name),
                                          b.getDenseI64ArrayAttr({parts, 1, 1}),
                                          launch.threads, launch.sharedBytes));
  };
  add(abi::chooseFunction, shape.parts(), getChoose(shape), emitChoose);
  add(abi::advanceFunction, 1, getAdvance(shape), emitAdvance);
}

namespace {
struct LowerKernelsToGpu
    : quipu::gpu::impl::LowerKernelsToGpuBase<LowerKernelsToGpu> {
  void runOnOperation() override {
    if (failed(lowerKernels()))
      signalPassFailure();
  }

  LogicalResult lowerKernels() {
    ModuleOp module = getOperation();
    FailureOr<GpuAttr> gpu = getGpu(module);
    if (failed(gpu))
      return failure();
    OpBuilder builder(module.getBodyRegion());
    builder.setInsertionPointToEnd(module.getBody());
    auto device =
        mlir::gpu::GPUModuleOp::create(builder, module.getLoc(), "kernels");
    SmallVector<KernelOp> kernels;
    module.walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    int32_t launched = 0;
    for (KernelOp kernel : kernels) {
      auto lowering = KernelLowering::create(kernel, *gpu, device);
      if (failed(lowering) || failed((*lowering)->run(launched)))
        return failure();
      kernel.erase();
    }
    module.walk([&](EntryOp entry) { addTokenChoice(entry, *gpu, device); });
    return success();
  }
};
} // namespace
