//===- InsertBarriers.cpp - Separates dependent launches
//-------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// Bytes of the arena, or all of something outside: a state, or the outputs
/// (with a null `outside`).
struct Range {
  static Range state(FlatSymbolRefAttr name) { return {-1, -1, name}; }
  static Range outputs() { return {-1, -1, {}}; }

  int64_t begin, end;
  FlatSymbolRefAttr outside;

  bool meets(const Range &other) const {
    if (begin < 0 || other.begin < 0)
      return begin == other.begin && outside == other.outside;
    return begin < other.end && other.begin < end;
  }
};

/// Where a value lies; none when it is an input of the step.
std::optional<Range> getRange(Value value) {
  if (auto cache = dyn_cast<CacheType>(value.getType()))
    return Range::state(cache.getState());
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      value = cast<LayersOp>(argument.getOwner()->getParentOp()).getInit();
    else if (auto layers = value.getDefiningOp<LayersOp>())
      value = layers.getInit();
    else
      break;
  }
  auto launch = value.getDefiningOp<LaunchOp>();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!launch || !type || !launch.getArena())
    return std::nullopt;
  int64_t begin = (*launch.getArena())[cast<OpResult>(value).getResultNumber()];
  if (begin < 0)
    return Range::outputs();
  return Range{begin, begin + getArenaBytes(type), {}};
}

/// What launches since the last barrier have read and written.
class Window {
public:
  bool conflicts(LaunchOp launch) const {
    return meets(written, getRanges(launch.getInputs())) ||
           meets(written, getRanges(launch.getResults())) ||
           meets(read, getRanges(launch.getResults()));
  }
  void add(LaunchOp launch) {
    llvm::append_range(read, getRanges(launch.getInputs()));
    llvm::append_range(written, getRanges(launch.getResults()));
  }
  void clear() {
    read.clear();
    written.clear();
  }
  bool empty() const { return read.empty() && written.empty(); }

private:
  static SmallVector<Range> getRanges(ValueRange values) {
    SmallVector<Range> ranges;
    for (Value value : values)
      if (std::optional<Range> range = getRange(value))
        ranges.push_back(*range);
    return ranges;
  }
  static bool meets(ArrayRef<Range> ranges, ArrayRef<Range> others) {
    return llvm::any_of(ranges, [&](const Range &range) {
      return llvm::any_of(
          others, [&](const Range &other) { return range.meets(other); });
    });
  }

  SmallVector<Range> read, written;
};

void place(Block &block, Window &window) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto layers = dyn_cast<LayersOp>(op)) {
      // The first layer follows what came before, the others the layer before:
      // a barrier at the end of the body serves for both.
      OpBuilder builder(&op);
      if (!window.empty())
        BarrierOp::create(builder, layers.getLoc());
      window.clear();
      Block &body = layers.getBody().front();
      place(body, window);
      builder.setInsertionPoint(body.getTerminator());
      BarrierOp::create(builder, layers.getLoc());
      window.clear();
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      if (window.conflicts(launch)) {
        OpBuilder builder(launch);
        BarrierOp::create(builder, launch.getLoc());
        window.clear();
      }
      window.add(launch);
    }
  }
}

struct InsertBarriers : quipu::impl::InsertBarriersBase<InsertBarriers> {
  void runOnOperation() override {
    getOperation().walk([&](StepOp step) {
      Window window;
      place(step.getBody().front(), window);
    });
  }
};
} // namespace
