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
      kernel.walk([&](Operation *op) {
        if (isa<LinearOp>(op))
          grid = Grid::Tiles;
        else if (isa<AttentionOp>(op))
          grid = Grid::Heads;
      });
      RegisterTile tile = rankTiles(machine, kernel).front();
      Work work = predictWork(machine, kernel, tile);
      kernel.setScheduleAttr(ScheduleAttr::get(
          &getContext(), grid, lanes, tile.tokens, tile.tiles, tile.panel,
          work.bytes, work.operations, work.nanoseconds));
    });
  }
};
} // namespace
