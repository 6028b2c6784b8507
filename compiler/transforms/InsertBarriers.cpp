//===- InsertBarriers.cpp - Separates dependent launches ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/LaunchWindow.h"
#include "compiler/transforms/Passes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// Returns how many barriers it has placed.
int64_t place(Block &block, LaunchWindow &window) {
  int64_t barriers = 0;
  auto add = [&](OpBuilder builder, Location loc) {
    BarrierOp::create(builder, loc);
    ++barriers;
    window.clear();
  };
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto layers = dyn_cast<LayersOp>(op)) {
      // The first layer follows what came before, the others the layer before:
      // a barrier at the end of each body serves for both.
      if (!window.empty())
        add(OpBuilder(layers), layers.getLoc());
      for (Block *body : layers.getBlocks()) {
        barriers += place(*body, window);
        add(OpBuilder(body->getTerminator()), layers.getLoc());
      }
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      if (window.findConflict(launch))
        add(OpBuilder(launch), launch.getLoc());
      window.add(launch);
    }
  }
  return barriers;
}

struct InsertBarriers : quipu::impl::InsertBarriersBase<InsertBarriers> {
  void runOnOperation() override {
    getOperation().walk([&](StepOp step) {
      LaunchWindow window;
      int64_t barriers = place(step.getBody().front(), window);
      remark::analysis(
          step.getLoc(),
          remark::RemarkOpts::name("barriers").category("insert-barriers"))
          << "the step @" << step.getSymName() << " has "
          << remark::metric("barriers", barriers)
          << " barriers, those in layers counted once";
    });
  }
};
} // namespace
