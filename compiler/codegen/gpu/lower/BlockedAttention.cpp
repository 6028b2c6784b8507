//===- BlockedAttention.cpp - Attention by mma.sync, 64 rows a block ------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block has 64 rows of a tile and a head, each warp 16 of them, and walks the
// pages that its rows see. Keys of the next page are copied while the values of
// this one are multiplied, and the other way round (FlashAttention-2, Dao
// 2023). Where values are components of keys there is nothing to copy but keys.
// Of long values a block has a slice, for which it computes the weights again,
// and of long keys it loads queries with each page: both would not fit in
// registers.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/AttentionEmitter.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
constexpr unsigned threads = 128;
constexpr int64_t warpRows = 16, blockRows = threads / 32 * warpRows;
constexpr int64_t eights = abi::pagePositions / 8;
constexpr int64_t panelEights = abi::DeviceKvLayout::panel / 8;
/// Components of values that registers hold, and of a slice.
constexpr int64_t longValue = 256, longSlice = 128;

/// Components of the values that a block has.
int64_t getSliceDim(const AttentionShape &shape) {
  int64_t dim = shape.cache.valueDim;
  return dim > longValue && dim % longSlice == 0 ? longSlice : dim;
}

int64_t getTileBlocks(const AttentionShape &shape) {
  return llvm::divideCeil(shape.tileTokens() * shape.group, blockRows);
}

class BlockedAttention : AttentionEmitter {
public:
  using AttentionEmitter::AttentionEmitter;
  void emit();

private:
  void emitBlock(const Tile &tile, Value head, Value firstRow);
  Values multiplyKeys(ArrayRef<Values> held, QueryOfStep load);
  /// Adds the page's values to `sums`, which `factors` of the two rows scale.
  void addValues(Values &sums, const Values &weights,
                 ArrayRef<std::pair<Value, Value>> factors);

  Value thread, lane, warp, quad;
  Value keys, values; // from the slice's first component on
  Value firstComponent;
};
} // namespace

void BlockedAttention::emit() {
  b.waitForKernelBefore();
  thread = b.getThread();
  lane = b.bitAnd(thread, 31);
  warp = b.getUniform(b.shiftRight(thread, 5));
  quad = b.bitAnd(lane, 3);
  keys = b.getSharedMemory();
  const abi::DeviceKvLayout &cache = shape.cache;
  Value slice = b.getBlockY();
  firstComponent = b.mul(slice, getSliceDim(shape));
  // Slices of several are whole panels.
  int64_t sliceBytes = cache.hasPanels(cache.valueHeadDim())
                           ? cache.headBytes(getSliceDim(shape))
                           : getSliceDim(shape) * cache.numberBytes();
  values =
      b.at(b.at(keys, cache.valuesInKeys ? 0 : cache.headBytes(cache.keyDim)),
           b.mul(slice, sliceBytes));

  loadStep(arguments.step);
  Value tileCount = step.tileCount;
  int64_t heads = shape.cache.heads, tileBlocks = getTileBlocks(shape);
  Value items = b.mul(tileCount, heads * tileBlocks);
  b.forEach(b.getBlock(), items, b.getBlocks(), [&](Value item) {
    // Those with most pages first.
    Value place = b.divide(item, heads);
    Value tile = b.sub(b.sub(tileCount, 1), b.divide(place, tileBlocks));
    Value block = b.sub(tileBlocks - 1, b.remainder(place, tileBlocks));
    Value firstRow = b.mul(block, blockRows);
    Tile loaded = loadTile(tile);
    b.ifThen(b.less(firstRow, b.mul(loaded.count, shape.group)),
             [&] { emitBlock(loaded, b.remainder(item, heads), firstRow); });
  });
}

Values BlockedAttention::multiplyKeys(ArrayRef<Values> held, QueryOfStep load) {
  Value row = b.bitAnd(lane, 7), chunk = b.shiftRight(lane, 3);
  int64_t dim = shape.cache.keyDim;
  return AttentionEmitter::multiplyKeys(
      getMatrix(keys, dim, row, chunk),
      getMatrix(keys, dim, row, b.bitAnd(chunk, 1)), held, load, eights);
}

void BlockedAttention::addValues(Values &sums, const Values &weights,
                                 ArrayRef<std::pair<Value, Value>> factors) {
  int64_t all = getSliceDim(shape) / 8;
  Matrix matrix = getMatrix(values, shape.cache.valueHeadDim(), lane, b.i32(0));
  for (int64_t first = 0; first < all; first += panelEights) {
    int64_t count = std::min(panelEights, all - first);
    Values page(4 * count, b.f32(0));
    for (int64_t step = 0; step < eights / 2; step += 2)
      for (int64_t eight : llvm::seq(count)) {
        Values four = loadMatrices(matrix, 16 * step, first + eight,
                                   /*transposed=*/true);
        MutableArrayRef<Value> column =
            MutableArrayRef(page).slice(4 * eight, 4);
        for (int64_t i : {0, 1})
          llvm::copy(b.mma(Half::F16,
                           ArrayRef(weights).slice(4 * (step + i), 4),
                           ArrayRef(four).slice(2 * i, 2), ValueRange(column)),
                     column.begin());
      }
    for (auto [i, sum] : llvm::enumerate(page)) {
      auto [before, ofPage] = factors[i / 2 % 2];
      Value &total = sums[4 * first + i];
      total = b.fma(sum, ofPage, b.mulF(total, before));
    }
  }
}

void BlockedAttention::emitBlock(const Tile &tile, Value head, Value firstRow) {
  const abi::DeviceKvLayout &cache = shape.cache;
  Value warpRow = b.add(firstRow, b.mul(warp, warpRows));
  Value laneRow = b.add(warpRow, b.shiftRight(lane, 2));
  Row rows[] = {getRow(tile, head, laneRow),
                getRow(tile, head, b.add(laneRow, 8))};
  Row first = getRow(tile, head, firstRow);
  Row last = getRow(tile, head, b.add(firstRow, blockRows - 1));
  Value firstPage =
      shape.window ? b.divide(first.begin, abi::pagePositions) : b.i32(0);
  Value lastPage = b.divide(b.sub(last.end, 1), abi::pagePositions);

  Value lanePair = b.mul(quad, 2 * int64_t(sizeof(float)));
  Value queries[] = {b.at(getQuery(tile, rows[0]), lanePair),
                     b.at(getQuery(tile, rows[1]), lanePair)};
  auto load = [&](int64_t step) { return loadQuery(queries, step); };
  SmallVector<Values> query = holdQuery(load);

  b.syncBlock();
  auto copyKeys = [&](Value page) {
    copyAll(keys, getPage(tile, page, head).first,
            cache.headBytes(cache.keyDim), thread, threads);
    b.commitCopies();
  };
  auto copyValues = [&](Value page) {
    if (cache.valuesInKeys)
      return;
    copyAll(values, getPage(tile, page, head).second,
            cache.headBytes(cache.valueDim), thread, threads);
    b.commitCopies();
  };
  copyKeys(firstPage);
  copyValues(firstPage);

  int64_t sliceDim = getSliceDim(shape);
  Values inits(sliceDim / 2, b.f32(0));
  for (const Row &row : rows) {
    State state = getFirstState(row, quad);
    inits.append({state.largest, state.sum});
  }
  auto walk = [&](Value page, Values sums) -> Values {
    State states[2];
    for (State &state : llvm::reverse(states)) {
      state.sum = sums.pop_back_val();
      state.largest = sums.pop_back_val();
    }
    // Copies of no page keep the count of groups.
    Value next = b.min(b.add(page, 1), lastPage);
    b.waitCopies(cache.valuesInKeys ? 0 : 1);
    b.syncBlock();
    Values scores = multiplyKeys(query, load);
    if (!cache.valuesInKeys) {
      b.syncBlock();
      copyKeys(next);
    }

    cap(scores);
    Value from = b.mul(page, abi::pagePositions);
    hideInPage(scores, rows, first, last, from, b.mul(quad, 2));
    SmallVector<std::pair<Value, Value>, 2> factors;
    for (unsigned h : {0, 1}) {
      Value largest = getPageLargest(getLargest(scores, h));
      weigh(scores, h, largest);
      factors.push_back(
          update(states[h], largest, addQuarters(addQuarters(scores, h))));
    }
    Values weights = packWeights(scores);

    if (!cache.valuesInKeys) {
      b.waitCopies(1);
      b.syncBlock();
    }
    addValues(sums, weights, factors);
    b.syncBlock();
    if (cache.valuesInKeys)
      copyKeys(next);
    copyValues(next);
    for (const State &state : states)
      sums.append({state.largest, state.sum});
    return sums;
  };
  Values sums = b.forEach(firstPage, b.add(lastPage, 1), 1, inits, walk);
  b.waitCopies(0);

  for (unsigned h : {0, 1}) {
    State state{sums[sliceDim / 2 + 2 * h], sums[sliceDim / 2 + 2 * h + 1]};
    Value factor = getFactor(state);
    b.ifThen(rows[h].isThere, [&] {
      for (int64_t eight : llvm::seq(sliceDim / 8))
        storeResult(tile, rows[h],
                    b.add(b.add(firstComponent, b.mul(quad, 2)), 8 * eight),
                    {b.mulF(sums[4 * eight + 2 * h], factor),
                     b.mulF(sums[4 * eight + 2 * h + 1], factor)});
    });
  }
}

AttentionLaunch quipu::gpu::getBlockedAttention(const AttentionShape &shape) {
  const abi::DeviceKvLayout &cache = shape.cache;
  int64_t tiles = llvm::divideCeil(shape.tokens, shape.tileTokens());
  return {threads,
          shape.headPageBytes(),
          {tiles * cache.heads * getTileBlocks(shape),
           cache.valueDim / getSliceDim(shape), 1}};
}

void quipu::gpu::emitBlockedAttention(DeviceBuilder &builder,
                                      const AttentionShape &shape,
                                      const AttentionArguments &arguments) {
  BlockedAttention(builder, shape, arguments).emit();
}
