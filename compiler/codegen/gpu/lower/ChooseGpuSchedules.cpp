//===- ChooseGpuSchedules.cpp - How each kernel runs on a GPU -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Passes.h"
#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"
#include "dialect/Targets.h"

using namespace mlir;
using namespace quipu;

namespace quipu::gpu {
#define GEN_PASS_DEF_CHOOSEGPUSCHEDULES
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

namespace {
struct ChooseGpuSchedules
    : quipu::gpu::impl::ChooseGpuSchedulesBase<ChooseGpuSchedules> {
  void runOnOperation() override {
    KernelOp kernel = getOperation();
    FailureOr<GpuAttr> gpu = getGpu(kernel);
    if (failed(gpu))
      return signalPassFailure();
    kernel.setScheduleAttr(getSchedule(*gpu, kernel));
  }

  static ScheduleAttrInterface getSchedule(GpuAttr gpu, KernelOp kernel) {
    MLIRContext *context = gpu.getContext();
    for (Operation &op : kernel.getBody().front()) {
      if (isa<LinearOp>(op))
        return GpuDotsAttr::get(context);
      if (isa<AttentionOp>(op))
        return GpuAttentionAttr::get(context, /*blocked=*/false);
      if (isa<PoolOp>(op))
        return GpuPoolAttr::get(context);
      if (isa<RopeAnglesOp>(op))
        return GpuAnglesAttr::get(context);
    }
    return GpuRowsAttr::get(context);
  }
};
} // namespace
