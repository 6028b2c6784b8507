//===- SplitAttention.h - Attention of few tokens, page by page -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile's pages are dealt out to the blocks, which write a partial result for
// each page and row; the last block of a tile and a head to be done brings them
// together (flash-decoding, Dao 2023).
//
// Of a page and 16 rows at a time, a warp has the scores of 32 positions, and
// then a quarter of the values' components. Four warps are a group, which has
// pages of its own: for one token a block is a group, of which two run on a
// multiprocessor; for more it has several, so that all pages of a sequence are
// on their way at once and meet without other blocks. Pages come through a ring
// in shared memory. What this step does not write of them is copied before the
// kernel before has ended.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_SPLITATTENTION_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_SPLITATTENTION_H

#include "compiler/codegen/gpu/lower/AttentionEmitter.h"
#include "compiler/codegen/host/SplitPartials.h"

namespace quipu::gpu::split {

constexpr int64_t warps = 4, threads = 32 * warps; // of a group
constexpr int64_t maxGroups = 4;
constexpr int64_t tileRows = 16; // of a tensor-core product
constexpr int64_t word = sizeof(float);
/// Positions of a warp, in eights.
constexpr int64_t warpEights = abi::pagePositions / warps / 8;
constexpr int64_t steps = abi::pagePositions / 16; // of products with values

/// Places in shared memory, in bytes: for each group a ring of pages, then for
/// each scratch memory, then for each stage two barriers.
struct SharedLayout {
  int64_t groups, stages = 1, pageBytes;
  SharedLayout(const AttentionShape &shape, int64_t maxShared)
      : groups(shape.tokens > 1 ? maxGroups : 1),
        pageBytes(shape.headPageBytes()) {
    while (groups > 1 && bytes() > maxShared)
      --groups;
    stages = 2;
    if (groups > 1 || bytes() > maxShared)
      stages = 1;
  }
  int64_t ringBytes() const { return stages * pageBytes; }
  int64_t scratch() const { return groups * ringBytes(); }
  int64_t flag() const { return scratch() + groups * scratchBytes; }
  int64_t barriers() const { return flag() + 16; }
  int64_t bytes() const { return barriers() + groups * stages * 2 * 8; }

  // In a group's scratch memory.
  static constexpr int64_t weights = 0;
  static constexpr int64_t largest = steps * 32 * 4 * word;
  static constexpr int64_t sums = largest + warps * tileRows * word;
  static constexpr int64_t scratchBytes = sums + warps * tileRows * 4 * word;
};

class SplitAttention : AttentionEmitter {
public:
  SplitAttention(DeviceBuilder &builder, const AttentionShape &shape,
                 const AttentionArguments &arguments, int64_t maxShared)
      : AttentionEmitter(builder, shape, arguments), layout(shape, maxShared),
        hasBulk(builder.getSm() >= 90),
        rowCount(shape.tileTokens() * shape.group <= 8 ? 1 : 2) {}
  void emit();

private:
  /// A tile, a head and every `step`th of their pages from number `first` on,
  /// which are a group's.
  struct Item {
    Tile tile;
    Value head, first, step;
    Value firstPage, pages; // of the tile
    Value count;            // of the group's pages
    Value blocks;           // that have pages of the tile
  };
  struct Stage {
    Value keys, values, keyBarrier, valueBarrier;
  };
  Stage getStage(Value turn);
  Value getPageNumber(const Item &item, Value index) {
    return b.add(item.firstPage, b.add(item.first, b.mul(index, item.step)));
  }
  /// Copies page `index` of the item, if there is one, to where the pages of
  /// `turn` are. `old` is how many positions are no others than before the
  /// step.
  enum class Part { Whole, Old, New };
  void copyPage(const Item &item, Value index, Value turn, Part part);
  void copyRows(Value shared, Value global, int64_t dim, Value begin, Value end,
                Value barrier);

  void emitItem(const Item &item, Value rowBlock, Value turn);
  Value isLast(const Item &item, Value rowBlock);
  llvm::SmallVector<Row> getRows(const Item &item, Value rowBlock);
  Values loadQueryStep(mlir::ValueRange queries, int64_t step);
  void emitRows(const Item &item, Value page, const Stage &stage,
                llvm::ArrayRef<Row> rows, llvm::ArrayRef<Values> query,
                QueryOfStep load, Value parity);
  Values multiplyKeys(const Stage &stage, llvm::ArrayRef<Values> held,
                      QueryOfStep load);
  /// Of the row, for the tile's first page; and behind its last number.
  Value getPartial(const Item &item, const Row &row);
  /// Partial results of a row, of which a thread has two components and a sum.
  struct Partials {
    Value pages, column, part;
  };
  /// Of `count` pages two components, the largest score and the sum.
  Values loadPartials(const Item &item, const Partials &from, Value page,
                      int64_t count);
  /// A state and two components, and then with pages.
  Values addPartials(llvm::ArrayRef<Value> before,
                     llvm::ArrayRef<Value> numbers);
  Values combinePages(const Item &item, const Partials &from, State state);
  void combine(const Item &item, Value rowBlock);

  /// Of a row and a page: O_p, m_p, three of padding, l_p.
  int64_t partialBytes() const {
    return getSplitRowNumbers(shape.cache.valueDim) * word;
  }

  Value countRowBlocks(const Tile &tile) {
    return b.ceilDivide(b.mul(tile.count, shape.group), tileRows);
  }
  void syncGroup();

  SharedLayout layout;
  bool hasBulk;
  unsigned rowCount; // of a lane
  Value thread, lane, quad, laneRow, shared, partials, maxSplits;
  Value group, groupThread, warp; // of the block, of the group
  Value ring, scratch, barriers;  // of the group
};

} // namespace quipu::gpu::split

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_SPLITATTENTION_H
