//===- LowerKernelsToGpu.cpp - Kernels as functions of a GPU --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/gpu/lower/Passes.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace quipu::gpu {
#define GEN_PASS_DEF_LOWERKERNELSTOGPU
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

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
    return success();
  }
};
} // namespace
