//===- ChooseSchedules.cpp - Says how each kernel runs --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CostModel.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/TunedSchedules.h"
#include "dialect/KernelShape.h"
#include "dialect/Targets.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
struct ChooseSchedules : quipu::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  /// Reads the file once for all kernels, and all threads.
  LogicalResult initialize(MLIRContext *context) override {
    auto file = openTunedSchedules(tuned, context);
    if (failed(file))
      return failure();
    measured = std::move(*file);
    return success();
  }

  void runOnOperation() override {
    KernelOp kernel = getOperation();
    FailureOr<CpuAttr> cpu = getCpu(kernel);
    if (failed(cpu))
      return signalPassFailure();
    RegisterTile tile = chooseTile(*cpu, kernel);
    Work work = predictWork(*cpu, kernel, tile);
    kernel.setScheduleAttr(getSchedule(*cpu, kernel, tile));
    kernel.setCostAttr(CostAttr::get(&getContext(), work.bytes, work.operations,
                                     work.nanoseconds));
    remark(kernel);
  }

  /// What was measured of kernels of this shape, or null.
  CpuTilesAttr findMeasured(KernelOp kernel) const {
    return measured ? dyn_cast_or_null<CpuTilesAttr>(measured->find(kernel))
                    : CpuTilesAttr();
  }

  RegisterTile chooseTile(CpuAttr cpu, KernelOp kernel) const {
    if (CpuTilesAttr winner = findMeasured(kernel))
      return winner.getTile();
    SmallVector<RegisterTile> tiles = rankTiles(cpu, kernel);
    return tiles[candidate < tiles.size() ? candidate : 0];
  }

  /// The way in which what the kernel holds can run.
  static ScheduleAttrInterface getSchedule(CpuAttr cpu, KernelOp kernel,
                                           const RegisterTile &tile) {
    MLIRContext *context = cpu.getContext();
    int64_t lanes = cpu.getLanes();
    for (Operation &op : kernel.getBody().front()) {
      if (isa<LinearOp>(op))
        return CpuTilesAttr::get(context, lanes, tile.tokens, tile.tiles,
                                 tile.panel);
      if (isa<AttentionOp>(op))
        return CpuAttentionAttr::get(context, lanes);
      if (isa<TopKOp>(op))
        return CpuTopKAttr::get(context);
      if (isa<PoolOp>(op))
        return CpuPoolAttr::get(context);
      if (isa<RopeAnglesOp>(op))
        return CpuAnglesAttr::get(context);
    }
    return CpuRowsAttr::get(context);
  }

  /// Says which schedule the kernel has, and why.
  void remark(KernelOp kernel) const {
    CostAttr cost = *kernel.getCost();
    auto remark = remark::analysis(
        kernel.getLoc(),
        remark::RemarkOpts::name("schedule").category("choose-schedules"));
    if (!remark)
      return;
    remark << "the kernel @" << kernel.getSymName() << " moves "
           << remark::metric("bytes", cost.getBytes()) << " bytes in "
           << remark::metric("operations", cost.getOperations())
           << " operations, "
           << remark::metric("nanoseconds", cost.getNanoseconds())
           << " ns on one thread";
    auto schedule = dyn_cast<CpuTilesAttr>(kernel.getScheduleAttr());
    if (!schedule)
      return;
    remark << ", by tiles of " << remark::metric("tokens", schedule.getTokens())
           << " tokens x " << remark::metric("tiles", schedule.getTiles())
           << (schedule.getPanel() ? " with a panel" : "")
           << (findMeasured(kernel) ? ", as quipu tune has measured"
                                    : ", the cheapest for the cost model");
  }

  std::shared_ptr<const TunedSchedules> measured; // null without a file
};
} // namespace
