//===- CostModel.cpp - What a kernel should take --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The unit of computing is one token, one tile of 16 output rows and a block of
// 32 columns (for the float formats one column, or two where the input is bf16,
// too). Its multiply-adds are the same for all register tiles; loading and
// unpacking a weight is shared by the tokens, loading an activation by the
// tiles. The accumulators, an integer and a float one each for block formats,
// must fit in the registers beside what is being unpacked.
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CostModel.h"
#include "abi/Abi.h"
#include "dialect/PackedLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace quipu;

/// Registers for an activation, a mask and a scale.
static constexpr int64_t operandRegisters = 3;

/// Of an instruction that loads or unpacks: several start at once, beside the
/// multiply-adds.
static constexpr double helperCycles = 0.4;

static Type getElement(LinearOp linear) {
  return linear.getWeight().getType().getElementType();
}

static bool hasByteCodes(Type element) {
  auto block = dyn_cast<BlockType>(element);
  return block && block.getFormat()->codeBits == 8;
}

/// Instructions to load the weights of a block of one tile and bring them to
/// bytes: a 4-bit format masks and shifts. A panel's codes are bytes already.
static double getUnpackCost(Type element, bool panel) {
  auto block = dyn_cast<BlockType>(element);
  return !block ? 1 : panel || hasByteCodes(element) ? 8 : 20;
}

static constexpr int64_t tileTokens[] = {1, 2, 4, 8, 16};
static constexpr int64_t maxTiles = 4;
/// Of fewer tokens none pays for a panel.
static constexpr int64_t minPanelTokens = 17;

/// Whether products of matrices take the tile; they read bytes from memory.
static bool usesTileDot(CpuAttr cpu, Type element, const RegisterTile &tile) {
  return cpu.hasI8Tile() && isBlockFormat(element) && tile.tokens == tileRows &&
         tile.tiles == 1 && (tile.panel || hasByteCodes(element));
}

static double getCycles(CpuAttr cpu, Type element, const RegisterTile &tile) {
  bool isBlock = isBlockFormat(element);
  bool isTileDot = usesTileDot(cpu, element, tile);
  // 16 cycles for 16 tokens; four columns at a time, or six instructions
  // instead.
  double multiplyAdds = !isBlock || isTileDot ? 1 : cpu.hasI8Dot() ? 8 : 8 * 6;
  // Of matrices one row is loaded, and one of sums.
  double activation = isTileDot ? 2 : isBlock ? 8 : 1;
  double unpack = getUnpackCost(element, tile.panel);
  return multiplyAdds +
         helperCycles * (unpack / tile.tokens + activation / tile.tiles);
}

static bool fits(CpuAttr cpu, Type element, const RegisterTile &tile) {
  bool isTileDot = usesTileDot(cpu, element, tile);
  if (tile.tokens == tileRows && !isTileDot)
    return false;
  int64_t accumulators = isBlockFormat(element) && !isTileDot ? 2 : 1;
  int64_t unpacked = getUnpackCost(element, tile.panel) > 8 ? 2 : 1;
  // A vector lane is an output row.
  int64_t vectors = tile.tiles * tileRows / cpu.getLanes();
  return (accumulators * tile.tokens + unpacked) * vectors + operandRegisters <=
         cpu.getRegisters();
}

/// Whether tiles of 16 rows are full: of the tokens of a step they are, but
/// those that are selected are one as a rule, and an expert is chosen by as
/// many as it happens.
static bool fillsTiles(LinearOp linear, int64_t rows) {
  return rows % tileRows == 0 && !linear.getIds() &&
         !linear->getParentOfType<KernelOp>().getSelected();
}

/// Whether so many tokens pay for unpacking to a panel in memory: the formats
/// whose codes lie in two planes, stand for a table's values or have scales in
/// two parts; all that are no bytes yet for products of matrices.
static bool needsPanel(CpuAttr cpu, LinearOp linear, int64_t tokens) {
  Type element = getElement(linear);
  auto block = dyn_cast<BlockType>(element);
  if (!block || tokens < minPanelTokens)
    return false;
  const WeightFormat &format = *block.getFormat();
  return (cpu.hasI8Tile() && fillsTiles(linear, tokens) &&
          !hasByteCodes(element)) ||
         CodePlanes(format.codeBits).count > 1 || format.values ||
         format.hasGroupScales;
}

static int64_t getTokens(LinearOp linear) {
  return cast<RankedTensorType>(linear.getResult().getType()).getDimSize(0);
}

/// The rows that are multiplied by a matrix together: the tokens, or those that
/// have chosen it, if they choose evenly.
static int64_t getRowsTogether(LinearOp linear) {
  if (!linear.getIds())
    return getTokens(linear);
  return llvm::divideCeil(getTokens(linear) * linear.getChosen(),
                          linear.getWeight().getType().getDimSize(0));
}

/// The matrices that so many tokens choose together, if each chooses at random.
static int64_t getMatricesRead(LinearOp linear, int64_t tokens) {
  if (!linear.getIds())
    return linear.getChosen();
  auto all = double(linear.getWeight().getType().getDimSize(0));
  double unread = std::pow(1 - double(linear.getChosen()) / all, tokens);
  return std::llround(all * (1 - unread));
}

/// Those with a panel, or those without.
static SmallVector<RegisterTile>
rankTiles(CpuAttr cpu, ArrayRef<LinearOp> linears, bool panel) {
  int64_t most = getRowsTogether(linears.front());
  // Few tokens: a tile of blocks streams by, faster than two side by side; the
  // float formats need four sums at a time to hide the latency of an addition.
  bool isBlock = isBlockFormat(getElement(linears.front()));
  auto isStreaming = [&](const RegisterTile &tile) {
    return isBlock
               ? most < minPanelTokens && tile.tiles == 1 && tile.tokens <= 4
               : most == 1 && tile.tiles == 4;
  };
  auto fitsAll = [&](const RegisterTile &tile) {
    return llvm::all_of(linears, [&](LinearOp linear) {
      return fits(cpu, getElement(linear), tile);
    });
  };
  auto getCost = [&](const RegisterTile &tile) {
    double cycles = 0;
    for (LinearOp linear : linears)
      cycles += static_cast<double>(linear.getRows() * linear.getColumns()) *
                getCycles(cpu, getElement(linear), tile);
    return std::tuple(!isStreaming(tile), cycles, tile.tokens, tile.tiles);
  };
  SmallVector<RegisterTile> tiles;
  for (int64_t tokens : tileTokens)
    for (int64_t count = 1; count <= maxTiles; ++count) {
      RegisterTile tile{tokens, count, panel};
      // Whatever fits, one token has a tile.
      bool isForOne = tokens == 1 && (count == 1 || isStreaming(tile));
      bool isPartial = tokens == tileRows && !fillsTiles(linears.front(), most);
      if (tokens <= most && !isPartial && (isForOne || fitsAll(tile)))
        tiles.push_back(tile);
    }
  llvm::sort(tiles, [&](const RegisterTile &a, const RegisterTile &b) {
    return getCost(a) < getCost(b);
  });
  return tiles;
}

SmallVector<RegisterTile> quipu::rankTiles(CpuAttr cpu, KernelOp kernel) {
  SmallVector<LinearOp> linears(kernel.getOps<LinearOp>());
  if (linears.empty())
    return {RegisterTile()};
  int64_t most = getRowsTogether(linears.front());
  bool panel = llvm::any_of(
      linears, [&](LinearOp linear) { return needsPanel(cpu, linear, most); });
  bool hasBlocks = llvm::any_of(linears, [](LinearOp linear) {
    return isBlockFormat(getElement(linear));
  });
  SmallVector<RegisterTile> tiles = ::rankTiles(cpu, linears, panel);
  if (!hasBlocks || most < minPanelTokens)
    return tiles;
  SmallVector<RegisterTile> others = ::rankTiles(cpu, linears, !panel);
  for (auto [index, tile] : llvm::enumerate(others))
    tiles.insert(tiles.begin() + std::min(2 * index + 1, tiles.size()), tile);
  return tiles;
}

bool quipu::isCandidate(const RegisterTile &tile, int64_t tokens) {
  return llvm::is_contained(tileTokens, tile.tokens) && tile.tokens <= tokens &&
         tile.tiles >= 1 && tile.tiles <= maxTiles &&
         (!tile.panel || tokens >= minPanelTokens);
}

namespace {
/// Adds up what a kernel's ops do.
struct Sum {
  CpuAttr cpu;
  const RegisterTile &tile;
  int64_t bytes = 0, operations = 0;
  double cycles = 0;

  void add(LinearOp linear, int64_t tokens) {
    RankedTensorType weight = linear.getWeight().getType();
    Type element = getElement(linear);
    auto input = cast<RankedTensorType>(linear.getInput().getType());
    int64_t columns = isBlockFormat(element)            ? blockSize
                      : input.getElementType().isBF16() ? 2
                                                        : 1;
    int64_t steps = linear.getColumns() / columns;
    int64_t matrices = getMatricesRead(linear, tokens);
    int64_t rows = tokens * linear.getChosen();
    if (LayoutAttrInterface layout = chooseRowsLayout(weight))
      bytes += layout.getPackedBytes(weight) / getMatrices(weight) * matrices;
    operations += 2 * rows * linear.getRows() * linear.getColumns();
    // The last tile of each matrix may not be full.
    int64_t together = llvm::divideCeil(rows, matrices);
    cycles +=
        static_cast<double>(matrices * llvm::alignTo(together, tile.tokens) *
                            llvm::divideCeil(linear.getRows(), tileRows)) *
        static_cast<double>(steps) * getCycles(cpu, element, tile);
  }

  /// A query tile reads the keys and values of a position once.
  void add(AttentionOp attention) {
    auto query = cast<RankedTensorType>(attention.getQuery().getType());
    auto cache = cast<CacheType>(attention.getCache().getType());
    int64_t tokens = query.getDimSize(0);
    int64_t blocks = llvm::divideCeil(tokens, abi::maxQueryTile);
    bytes +=
        blocks * abi::pagePositions *
        getStorageBytes(cache.getElementType(), cache.getPages().getNumbers());
    int64_t multiplyAdds = tokens * query.getDimSize(1) *
                           (cache.getKeyDim() + cache.getValueDim()) *
                           abi::pagePositions;
    int64_t vectors = multiplyAdds / tileRows;
    operations += 2 * multiplyAdds;
    cycles += static_cast<double>(vectors) * (1 + helperCycles);
  }
};
} // namespace

Work quipu::predictWork(CpuAttr cpu, KernelOp kernel,
                        const RegisterTile &tile) {
  Sum sum{cpu, tile};
  kernel.walk([&](Operation *op) {
    // Of a step's tokens, the logits of one are selected as a rule.
    if (auto linear = dyn_cast<LinearOp>(op))
      sum.add(linear, kernel.getSelected() ? 1 : getTokens(linear));
    else if (auto attention = dyn_cast<AttentionOp>(op))
      sum.add(attention);
  });
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      sum.bytes +=
          getStorageBytes(tensor.getElementType(), tensor.getNumElements());
  double time =
      std::max(static_cast<double>(sum.bytes) / Speed::bytesPerNanosecond,
               sum.cycles / Speed::cyclesPerNanosecond);
  return {sum.bytes, sum.operations,
          abi::callNanoseconds + static_cast<int64_t>(time)};
}
