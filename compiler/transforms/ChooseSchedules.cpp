//===- ChooseSchedules.cpp - Says how each kernel runs --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One token: the weights stream by once, and memory sets the pace. A tile of a
// block format is a stream of its own; the float formats need four sums at a
// time to hide the latency of an addition.
//
// More tokens: the cost of a register tile of t tokens and n tiles, per block
// of 32 columns (or per column, for the float formats) and per token and tile.
// The multiply-adds are the same for all; loading and unpacking a weight is
// shared by t tokens, loading an activation by n tiles. The accumulators, an
// integer and a float one each for block formats, must fit in the registers
// beside what is being unpacked.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/WeightLayout.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

/// Registers for an activation, a mask and a scale.
static constexpr int64_t operandRegisters = 3;

/// Instructions to load the weights of a block of one tile and bring them to
/// bytes: a 4-bit format masks and shifts.
static double getUnpackCost(Type element) {
  auto block = dyn_cast<BlockType>(element);
  return !block ? 1 : block.getFormat()->codeBits == 8 ? 8 : 20;
}

/// Whether so many tokens pay for unpacking to a panel in memory: the formats
/// whose codes lie in two planes, stand for a table's values or have scales in
/// two parts.
static bool needsPanel(Type element, int64_t tokens) {
  auto block = dyn_cast<BlockType>(element);
  if (!block || tokens < 16)
    return false;
  const WeightFormat &format = *block.getFormat();
  return CodePlanes(format.codeBits).count > 1 || format.values ||
         format.hasGroupScales;
}

/// Bytes that a call moves from memory, and multiply-adds times two.
static std::pair<int64_t, int64_t> getWork(KernelOp kernel) {
  int64_t bytes = 0, operations = 0;
  kernel.walk([&](LinearOp linear) {
    RankedTensorType weight = linear.getWeight().getType();
    int64_t tokens =
        cast<RankedTensorType>(linear.getResult().getType()).getDimSize(0);
    bytes += getStorageBytes(weight.getElementType(), weight.getNumElements());
    operations += 2 * tokens * weight.getNumElements();
  });
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      bytes +=
          getStorageBytes(tensor.getElementType(), tensor.getNumElements());
  return {bytes, operations};
}

namespace {
struct ChooseSchedules : quipu::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  /// The register tile (tokens, tiles) of least cost.
  std::pair<int64_t, int64_t> chooseTile(Type element, int64_t maxTokens) {
    bool isBlock = isBlockFormat(element);
    if (maxTokens == 1)
      return {1, isBlock ? 1 : 4};
    int64_t accumulators = isBlock ? 2 : 1;
    int64_t unpacked = getUnpackCost(element) > 8 ? 2 : 1;
    double activation = isBlock ? 8 : 1;
    std::pair<int64_t, int64_t> best{1, 1};
    double bestCost = std::numeric_limits<double>::infinity();
    for (int64_t tokens : {1, 2, 4, 8})
      for (int64_t tiles : {1, 2, 3, 4}) {
        // A vector lane is an output row, a tile 16 of them.
        int64_t vectors = tiles * 16 / lanes;
        if (tokens > maxTokens ||
            (accumulators * tokens + unpacked) * vectors + operandRegisters >
                registers)
          continue;
        double cost = getUnpackCost(element) / tokens + activation / tiles;
        if (cost < bestCost) {
          bestCost = cost;
          best = {tokens, tiles};
        }
      }
    return best;
  }

  void runOnOperation() override {
    getOperation().walk([&](KernelOp kernel) {
      Grid grid = Grid::Tokens;
      int64_t tokens = 1, tiles = 1;
      bool panel = false;
      kernel.walk([&](Operation *op) {
        if (auto linear = dyn_cast<LinearOp>(op)) {
          grid = Grid::Tiles;
          Type element = linear.getWeight().getType().getElementType();
          int64_t most = cast<RankedTensorType>(linear.getResult().getType())
                             .getDimSize(0);
          std::tie(tokens, tiles) = chooseTile(element, most);
          panel |= needsPanel(element, most);
        } else if (isa<AttentionOp>(op)) {
          grid = Grid::Heads;
        }
      });
      auto [bytes, operations] = getWork(kernel);
      kernel.setScheduleAttr(ScheduleAttr::get(
          &getContext(), grid, lanes, tokens, tiles, panel, bytes, operations,
          /*nanoseconds=*/0));
    });
  }
};
} // namespace
