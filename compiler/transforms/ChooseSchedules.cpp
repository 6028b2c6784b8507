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

  RegisterTile chooseTile(CpuAttr cpu, const TunedSchedules &measured,
                          KernelOp kernel) {
    if (const TunedKernel *winner = findKernel(
            measured.kernels, getKernelShape(kernel), getKernelTokens(kernel)))
      return winner->tile;
    SmallVector<RegisterTile> tiles = rankTiles(cpu, kernel);
    return tiles[candidate < tiles.size() ? candidate : 0];
  }

  void runOnOperation() override {
    FailureOr<CpuAttr> found = getCpu(getOperation());
    if (failed(found))
      return signalPassFailure();
    CpuAttr cpu = *found;
    TunedSchedules measured;
    if (!tuned.empty()) {
      auto file = TunedSchedules::read(tuned);
      if (!file) {
        getOperation().emitError(llvm::toString(file.takeError()));
        return signalPassFailure();
      }
      measured = std::move(*file);
    }
    getOperation().walk([&](KernelOp kernel) {
      Grid grid = Grid::Tokens;
      kernel.walk([&](Operation *op) {
        if (isa<LinearOp>(op))
          grid = Grid::Tiles;
        else if (isa<AttentionOp>(op))
          grid = Grid::Heads;
      });
      RegisterTile tile = chooseTile(cpu, measured, kernel);
      Work work = predictWork(cpu, kernel, tile);
      kernel.setScheduleAttr(ScheduleAttr::get(
          &getContext(), grid, cpu.getLanes(), tile.tokens, tile.tiles,
          tile.panel, work.bytes, work.operations, work.nanoseconds));
      remark(kernel, measured);
    });
  }

  /// Says which schedule the kernel has, and why.
  void remark(KernelOp kernel, const TunedSchedules &measured) {
    ScheduleAttr schedule = *kernel.getSchedule();
    auto remark = remark::analysis(
        kernel.getLoc(),
        remark::RemarkOpts::name("schedule").category("choose-schedules"));
    if (!remark)
      return;
    remark << "the kernel @" << kernel.getSymName() << " moves "
           << remark::metric("bytes", schedule.getBytes()) << " bytes in "
           << remark::metric("operations", schedule.getOperations())
           << " operations, "
           << remark::metric("nanoseconds", schedule.getNanoseconds())
           << " ns on one thread";
    if (schedule.getGrid() != Grid::Tiles)
      return;
    bool isMeasured = findKernel(measured.kernels, getKernelShape(kernel),
                                 getKernelTokens(kernel));
    remark << ", by tiles of " << remark::metric("tokens", schedule.getTokens())
           << " tokens x " << remark::metric("tiles", schedule.getTiles())
           << (schedule.getPanel() ? " with a panel" : "")
           << (isMeasured ? ", as quipu tune has measured"
                          : ", the cheapest for the cost model");
  }
};
} // namespace
