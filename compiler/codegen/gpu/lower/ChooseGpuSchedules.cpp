//===- ChooseGpuSchedules.cpp - How each kernel runs on a GPU -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "compiler/codegen/host/SplitPartials.h"
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

  /// Multiprocessors of an H100 or H200: a block each.
  static constexpr int64_t blocks = 132;
  /// Bytes of a ring, and what its slots are a multiple of.
  static constexpr int64_t ringBytes = 148 << 10, ringMultiple = 8;

  static int64_t getRingSlots(KernelOp kernel) {
    int64_t slotBytes = 1;
    for (LinearOp linear : kernel.getOps<LinearOp>())
      slotBytes = std::max(
          slotBytes,
          getFragmentLayout(linear.getWeight().getType())->slotBytes(0));
    return std::clamp<int64_t>(
        ringBytes / slotBytes / ringMultiple * ringMultiple, ringMultiple, 64);
  }

  static ScheduleAttrInterface getLinearSchedule(GpuAttr gpu, KernelOp kernel) {
    bool hasFragments =
        llvm::all_of(kernel.getOps<LinearOp>(), [](LinearOp linear) {
          return isFragmentMatrix(linear.getWeight().getType()) &&
                 cast<RankedTensorType>(linear.getInput().getType())
                     .getElementType()
                     .isF16();
        });
    MLIRContext *context = gpu.getContext();
    if (!hasFragments)
      return GpuDotsAttr::get(context);
    if (getKernelTokens(kernel) <= maxGemvTokens)
      return GpuGemvAttr::get(context, blocks, getRingSlots(kernel));
    if (!quipu::gpu::fitsGemm(kernel))
      return GpuDotsAttr::get(context);
    // Rings for a block on each multiprocessor, in 227 KB or in 99.
    return GpuGemmAttr::get(context, /*tokens=*/128,
                            gpu.hasWarpgroupProducts() ? 6 : 3);
  }

  static ScheduleAttrInterface getSchedule(GpuAttr gpu, KernelOp kernel) {
    MLIRContext *context = gpu.getContext();
    for (Operation &op : kernel.getBody().front()) {
      if (isa<LinearOp>(op))
        return getLinearSchedule(gpu, kernel);
      if (isa<AttentionOp>(op))
        return GpuAttentionAttr::get(context,
                                     getKernelTokens(kernel) > maxSplitTokens);
      if (isa<PoolOp>(op))
        return GpuPoolAttr::get(context);
      if (isa<RopeAnglesOp>(op))
        return GpuAnglesAttr::get(context);
    }
    return GpuRowsAttr::get(context);
  }
};
} // namespace
