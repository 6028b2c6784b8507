//===- ChooseSchedules.cpp - Says how each kernel runs --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CostModel.h"
#include "compiler/transforms/Passes.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
struct ChooseSchedules : quipu::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  void runOnOperation() override {
    Machine machine{lanes, registers, byteDot};
    getOperation().walk([&](KernelOp kernel) {
      Grid grid = Grid::Tokens;
      RegisterTile tile;
      bool panel = false;
      kernel.walk([&](Operation *op) {
        if (auto linear = dyn_cast<LinearOp>(op)) {
          grid = Grid::Tiles;
          Type element = linear.getWeight().getType().getElementType();
          int64_t most = cast<RankedTensorType>(linear.getResult().getType())
                             .getDimSize(0);
          tile = chooseTile(machine, element, most);
          panel |= needsPanel(element, most);
        } else if (isa<AttentionOp>(op)) {
          grid = Grid::Heads;
        }
      });
      tile.panel = panel;
      Work work = predictWork(machine, kernel, tile);
      kernel.setScheduleAttr(ScheduleAttr::get(
          &getContext(), grid, lanes, tile.tokens, tile.tiles, tile.panel,
          work.bytes, work.operations, work.nanoseconds));
    });
  }
};
} // namespace
