//===- ChooseGpuSchedules.cpp - How each kernel runs on a GPU -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Chip.h"
#include "compiler/codegen/gpu/lower/GpuCostModel.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "compiler/transforms/TunedSchedules.h"
#include "dialect/Targets.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu::gpu {
#define GEN_PASS_DEF_CHOOSEGPUSCHEDULES
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

namespace {
struct ChooseGpuSchedules
    : quipu::gpu::impl::ChooseGpuSchedulesBase<ChooseGpuSchedules> {
  using ChooseGpuSchedulesBase::ChooseGpuSchedulesBase;

  LogicalResult initialize(MLIRContext *context) override {
    auto file = openTunedSchedules(tuned, context);
    if (failed(file))
      return failure();
    measured = std::move(*file);
    return success();
  }

  void runOnOperation() override {
    KernelOp kernel = getOperation();
    FailureOr<GpuAttr> gpu = getGpu(kernel);
    if (failed(gpu))
      return signalPassFailure();
    auto schedules = quipu::gpu::rankSchedules(*gpu, kernel);
    if (failed(schedules))
      return signalPassFailure();
    ScheduleAttrInterface winner = findMeasured(kernel, schedules->front());
    kernel.setScheduleAttr(
        winner ? winner
               : (*schedules)[candidate < schedules->size() ? candidate : 0]);
    FailureOr<Work> work = quipu::gpu::predictWork(*gpu, kernel);
    if (failed(work))
      return signalPassFailure();
    kernel.setCostAttr(CostAttr::get(&getContext(), work->bytes,
                                     work->operations, work->nanoseconds));
    remark(*gpu, kernel, schedules->size(), static_cast<bool>(winner));
  }

  /// What was measured of kernels of this shape, if it is of the same kind as
  /// the cost model's choice; or null.
  ScheduleAttrInterface findMeasured(KernelOp kernel,
                                     ScheduleAttrInterface chosen) const {
    ScheduleAttrInterface found =
        measured ? measured->find(kernel) : ScheduleAttrInterface();
    return found && found.getTypeID() == chosen.getTypeID()
               ? found
               : ScheduleAttrInterface();
  }

  /// Says which schedule the kernel has, and why.
  static void remark(GpuAttr gpu, KernelOp kernel, size_t candidates,
                     bool isMeasured) {
    CostAttr cost = *kernel.getCost();
    auto remark = remark::analysis(
        kernel.getLoc(),
        remark::RemarkOpts::name("schedule").category("choose-gpu-schedules"));
    if (!remark)
      return;
    remark << "the kernel @" << kernel.getSymName() << " moves "
           << remark::metric("bytes", cost.getBytes()) << " bytes in "
           << remark::metric("operations", cost.getOperations())
           << " operations, "
           << remark::metric("nanoseconds", cost.getNanoseconds())
           << " ns on one " << quipu::gpu::getChip(gpu).card;
    if (candidates == 1)
      return;
    remark << ", as " << remark::metric("schedule", kernel.getScheduleAttr())
           << (isMeasured ? ", as quipu tune has measured"
                          : ", the fastest for the cost model");
  }

  std::shared_ptr<const TunedSchedules> measured; // null without a file
};
} // namespace
