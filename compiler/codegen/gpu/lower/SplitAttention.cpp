//===- SplitAttention.cpp - Attention of few tokens, page by page ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/SplitAttention.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;
using namespace quipu::gpu::split;

void SplitAttention::emit() {
  thread = b.getThread();
  lane = b.bitAnd(thread, 31);
  quad = b.bitAnd(lane, 3);
  laneRow = b.shiftRight(lane, 2);
  warp = b.getUniform(b.shiftRight(thread, 5));
  group = layout.groups > 1 ? b.divide(warp, warps) : b.i32(0);
  warp = b.remainder(warp, warps);
  groupThread = b.remainder(thread, threads);
  shared = b.getSharedMemory();
  ring = b.at(shared, b.mul(group, layout.ringBytes()));
  scratch =
      b.at(b.at(shared, layout.scratch()), b.mul(group, layout.scratchBytes));
  barriers =
      b.at(b.at(shared, layout.barriers()), b.mul(group, layout.stages * 16));
  loadStep(arguments.step);
  maxSplits = loadField(arguments.step, offsetof(abi::StepArgs, maxSplits),
                        b.getI32Type());
  partials = loadField(arguments.step, offsetof(abi::StepArgs, partials),
                       b.getPointerType(1));
  if (hasBulk) {
    b.ifThen(b.equal(thread, 0), [&] {
      for (int64_t i : llvm::seq(layout.groups * layout.stages * 2))
        b.initBarrier(b.at(shared, layout.barriers() + 8 * i), 1);
      b.fenceBarriers();
    });
    b.syncBlock();
  } else {
    b.waitForKernelBefore();
  }

  int64_t heads = shape.cache.heads;
  Value tiles = step.tileCount, isOneTile = b.equal(tiles, 1);
  // Blocks of rows are dealt out where there is one tile; otherwise a tile's
  // are one after the other, mostly one.
  bool isOneRowBlock = shape.tileTokens() * shape.group <= tileRows;
  Value rowItems = b.i32(1);
  if (!isOneRowBlock)
    rowItems = b.select(isOneTile, countRowBlocks(loadTile(b.i32(0))), 1);
  Value pairs = b.mul(b.mul(tiles, heads), rowItems);
  Value splits = b.max(b.divide(b.getBlocks(), pairs), 1);
  b.forEach(
      b.getBlock(), b.mul(pairs, splits), b.getBlocks(), b.i32(0),
      [&](Value number, Values turns) -> Values {
        Value pair = b.remainder(number, pairs), rest = b.divide(pair, heads);
        Value split = b.divide(number, pairs);
        Value firstRowBlock = b.i32(0);
        Item item;
        item.head = b.remainder(pair, heads);
        if (isOneRowBlock) {
          item.tile = loadTile(rest);
        } else {
          item.tile = loadTile(b.select(isOneTile, 0, rest));
          firstRowBlock = b.select(isOneTile, rest, 0);
        }
        item.first = b.add(split, b.mul(group, splits));
        item.step = b.mul(splits, layout.groups);
        const Tile &tile = item.tile;
        Value firstEnd = shape.isFull ? tile.end : b.add(tile.position, 1);
        Value lastEnd =
            shape.isFull ? tile.end : b.add(tile.position, tile.count);
        item.firstPage = shape.window
                             ? b.divide(getBegin(firstEnd), abi::pagePositions)
                             : b.i32(0);
        item.pages =
            b.sub(b.ceilDivide(lastEnd, abi::pagePositions), item.firstPage);
        item.blocks = b.min(item.pages, splits);
        item.count =
            b.select(b.less(item.first, item.pages),
                     b.ceilDivide(b.sub(item.pages, item.first), item.step), 0);
        Value rowBlocks = b.i32(1);
        if (!isOneRowBlock)
          rowBlocks = b.ceilDivide(b.sub(countRowBlocks(tile), firstRowBlock),
                                   rowItems);
        auto emitRowBlock = [&](Value i) {
          emitItem(item, b.add(firstRowBlock, b.mul(i, rowItems)),
                   b.add(turns[0], b.mul(i, item.count)));
        };
        b.ifThen(b.less(split, item.pages), [&] {
          if (isOneRowBlock)
            emitRowBlock(b.i32(0));
          else
            b.forEach(0, rowBlocks, 1, emitRowBlock);
        });
        return {b.add(turns[0], b.mul(item.count, rowBlocks))};
      });
}

void SplitAttention::syncGroup() {
  if (layout.groups == 1)
    b.syncBlock();
  else
    b.syncThreads(b.add(group, 1), threads);
}

//===----------------------------------------------------------------------===//
// Pages
//===----------------------------------------------------------------------===//

SplitAttention::Stage SplitAttention::getStage(Value turn) {
  Value number = b.remainder(turn, layout.stages);
  Value keys = b.at(ring, b.mul(number, layout.pageBytes));
  Value barrier = b.at(barriers, b.mul(number, 16));
  if (shape.cache.valuesInKeys)
    return {keys, keys, barrier, barrier};
  return {keys, b.at(keys, shape.cache.headBytes(shape.cache.keyDim)), barrier,
          b.at(barrier, 8)};
}

void SplitAttention::copyRows(Value shared, Value global, int64_t dim,
                              Value begin, Value end, Value barrier) {
  const abi::DeviceKvLayout &cache = shape.cache;
  int64_t panels = cache.hasPanels(dim) ? dim / cache.panel : 1;
  int64_t rowBytes = cache.headBytes(dim) / panels / abi::pagePositions;
  Value offset = b.mul(begin, rowBytes);
  Value bytes = b.mul(b.sub(end, begin), rowBytes);
  for (int64_t i : llvm::seq(panels)) {
    int64_t panel = i * rowBytes * abi::pagePositions;
    b.copyBulk(b.at(b.at(shared, offset), panel),
               b.at(b.at(global, offset), panel), bytes, barrier);
  }
}

void SplitAttention::copyPage(const Item &item, Value index, Value turn,
                              Part part) {
  const abi::DeviceKvLayout &cache = shape.cache;
  int64_t keyBytes = cache.headBytes(cache.keyDim),
          valueBytes = cache.headBytes(cache.valueDim);
  Value isThere = b.less(index, item.count);
  Value number = getPageNumber(item, index);
  Stage stage = getStage(turn);
  if (!hasBulk) {
    b.ifThen(isThere, [&] {
      auto [keys, values] = getPage(item.tile, number, item.head);
      copyAll(stage.keys, keys, keyBytes, groupThread, threads);
      if (!cache.valuesInKeys)
        copyAll(stage.values, values, valueBytes, groupThread, threads);
    });
    b.commitCopies();
    return;
  }
  b.ifThen(b.bitAnd(isThere, b.equal(groupThread, 0)), [&] {
    auto [keys, values] = getPage(item.tile, number, item.head);
    if (part != Part::New) {
      b.arriveExpecting(stage.keyBarrier, keyBytes);
      if (!cache.valuesInKeys)
        b.arriveExpecting(stage.valueBarrier, valueBytes);
    }
    if (part == Part::Whole) {
      b.copyBulk(stage.keys, keys, keyBytes, stage.keyBarrier);
      if (!cache.valuesInKeys)
        b.copyBulk(stage.values, values, valueBytes, stage.valueBarrier);
      return;
    }
    // The step has no token of the sequence before the tile's first, less the
    // tokens before it.
    Value old = b.i32(0), all = b.i32(abi::pagePositions);
    if (!shape.isFull)
      old = b.min(b.max(b.sub(b.sub(item.tile.position, item.tile.first),
                              b.mul(number, abi::pagePositions)),
                        0),
                  all);
    Value begin = part == Part::Old ? b.i32(0) : old;
    Value end = part == Part::Old ? old : all;
    b.ifThen(b.less(begin, end), [&, keys = keys, values = values] {
      copyRows(stage.keys, keys, cache.keyDim, begin, end, stage.keyBarrier);
      if (!cache.valuesInKeys)
        copyRows(stage.values, values, cache.valueDim, begin, end,
                 stage.valueBarrier);
    });
  });
}

//===----------------------------------------------------------------------===//
// Partial results
//===----------------------------------------------------------------------===//

Value SplitAttention::getPartial(const Item &item, const Row &row) {
  Value token = b.add(item.tile.first, row.token);
  Value number = b.add(b.mul(token, shape.queryHeads()), row.head);
  return b.at(b.at(partials, splitCounterBytes),
              b.mul(b.extend(b.mul(number, maxSplits)), partialBytes()));
}

SmallVector<AttentionEmitter::Row> SplitAttention::getRows(const Item &item,
                                                           Value rowBlock) {
  SmallVector<Row> rows;
  Value number = b.add(b.mul(rowBlock, tileRows), laneRow);
  for (unsigned h : llvm::seq(rowCount))
    rows.push_back(getRow(item.tile, item.head, b.add(number, 8 * h)));
  return rows;
}

Values SplitAttention::loadQueryStep(ValueRange queries, int64_t step) {
  Values pairs = loadQuery(queries, step);
  return rowCount == 1 ? Values{pairs[0], b.i32(0), pairs[1], b.i32(0)} : pairs;
}

Values SplitAttention::multiplyKeys(const Stage &stage, ArrayRef<Values> held,
                                    QueryOfStep load) {
  Value row = b.add(b.mul(warp, 8 * warpEights), b.bitAnd(lane, 7));
  Value chunk = b.shiftRight(lane, 3);
  int64_t dim = shape.cache.keyDim;
  return AttentionEmitter::multiplyKeys(
      getMatrix(stage.keys, dim, row, chunk),
      getMatrix(stage.keys, dim, row, b.bitAnd(chunk, 1)), held, load,
      warpEights);
}

void SplitAttention::emitRows(const Item &item, Value page, const Stage &stage,
                              ArrayRef<Row> rows, ArrayRef<Values> query,
                              QueryOfStep load, Value parity) {
  int64_t dim = shape.cache.valueDim;
  Value number = getPageNumber(item, page);
  Value warpRow = b.add(b.mul(warp, tileRows), laneRow);
  Values scores = multiplyKeys(stage, query, load);
  cap(scores);
  Value position = b.add(b.mul(number, abi::pagePositions),
                         b.add(b.mul(warp, 8 * warpEights), b.mul(quad, 2)));
  hide(scores, rows, position);

  Values largest;
  for (unsigned h : llvm::seq(rowCount)) {
    Value mine = getLargest(scores, h);
    b.ifThen(b.equal(quad, 0), [&] {
      b.store(mine, b.at(b.at(scratch, layout.largest + 8 * h * word),
                         b.mul(warpRow, word)));
    });
  }
  syncGroup();
  for (unsigned h : llvm::seq(rowCount)) {
    Value all;
    for (int64_t i : llvm::seq(warps)) {
      Value one = b.load(
          b.getF32Type(),
          b.at(b.at(scratch, layout.largest + (i * tileRows + 8 * h) * word),
               b.mul(laneRow, word)));
      all = all ? b.maxF(all, one) : one;
    }
    largest.push_back(getPageLargest(all));
    weigh(scores, h, largest[h]);
    b.store(addQuarters(scores, h).front(),
            b.at(b.at(scratch, layout.sums + 8 * h * 4 * word),
                 b.mul(b.add(b.mul(warpRow, 4), quad), word)));
  }
  if (rowCount == 1)
    for (size_t i = 2; i < scores.size(); i += 4)
      scores[i] = scores[i + 1] = b.f32(0);
  Values pairs = packWeights(scores);
  Value weights = b.at(b.at(scratch, layout.weights), b.mul(lane, 4 * word));
  constexpr int64_t stepBytes = 32 * 4 * word;
  for (int64_t i : llvm::seq(warpEights / 2))
    b.storeVector(ArrayRef(pairs).slice(4 * i, 4),
                  b.at(b.at(weights, i * stepBytes),
                       b.mul(warp, warpEights / 2 * stepBytes)));
  syncGroup();

  Values places;
  for (const Row &row : rows)
    places.push_back(
        b.at(getPartial(item, row),
             b.mul(b.extend(b.sub(number, item.firstPage)), partialBytes())));
  // The sums of row h are warp h's.
  for (unsigned h : llvm::seq(rowCount))
    b.ifThen(b.bitAnd(b.equal(warp, h), rows[h].isThere), [&] {
      Values quarters;
      for (int64_t i : llvm::seq(warps))
        quarters.push_back(b.load(
            b.getF32Type(),
            b.at(b.at(scratch, layout.sums + (i * tileRows + 8 * h) * 4 * word),
                 b.mul(lane, word))));
      Value behind = b.at(places[h], dim * word);
      b.store(largest[h], behind);
      b.store(addQuarters(quarters),
              b.at(b.at(behind, 4 * word), b.mul(quad, word)));
    });

  if (hasBulk && !shape.cache.valuesInKeys)
    b.waitParity(stage.valueBarrier, parity);
  SmallVector<Values> factors;
  for (int64_t i : llvm::seq(steps))
    factors.push_back(
        b.loadVector(b.getI32Type(), 4, b.at(weights, i * stepBytes)));
  int64_t eights = dim / 8;
  // Warp w has eights w, w + 4 …; what lies behind the last is dropped.
  Matrix matrix =
      getMatrix(stage.values, shape.cache.valueHeadDim(), lane, warp);
  for (int64_t i = 0; i < eights; i += warps) {
    Values sums(4, b.f32(0));
    for (int64_t step = 0; step < steps; step += 2) {
      Values four = loadMatrices(matrix, 16 * step, i, /*transposed=*/true);
      sums =
          b.mma(Half::F16, factors[step], ArrayRef(four).take_front(2), sums);
      sums = b.mma(Half::F16, factors[step + 1], ArrayRef(four).drop_front(2),
                   sums);
    }
    Value column = b.mul(b.add(b.mul(warp, 8), b.mul(quad, 2)), word);
    for (unsigned h : llvm::seq(rowCount)) {
      Value isThere = rows[h].isThere;
      if (i + warps > eights)
        isThere = b.bitAnd(isThere, b.less(warp, eights - i));
      b.ifThen(isThere, [&] {
        b.storeVector({sums[2 * h], sums[2 * h + 1]},
                      b.at(b.at(places[h], column), 8 * i * word));
      });
    }
  }
}

void SplitAttention::emitItem(const Item &item, Value rowBlock, Value turn) {
  if (hasBulk) {
    for (Part part : {Part::Old, Part::New}) {
      if (part == Part::New)
        b.waitForKernelBefore();
      for (int64_t i : llvm::seq(layout.stages))
        copyPage(item, b.i32(i), b.add(turn, i), part);
    }
  } else {
    syncGroup();
    for (int64_t i : llvm::seq(layout.stages))
      copyPage(item, b.i32(i), b.add(turn, i), Part::Whole);
  }

  SmallVector<Row> rows = getRows(item, rowBlock);
  Values queries;
  for (const Row &row : rows)
    queries.push_back(b.at(getQuery(item.tile, row), b.mul(quad, 2 * word)));
  auto load = [&](int64_t step) { return loadQueryStep(queries, step); };
  SmallVector<Values> query = holdQuery(load);
  b.forEach(0, item.count, 1, [&](Value index) {
    Value current = b.add(turn, index);
    Stage stage = getStage(current);
    Value parity = b.bitAnd(b.divide(current, layout.stages), 1);
    if (hasBulk) {
      b.waitParity(stage.keyBarrier, parity);
    } else {
      b.waitCopies(layout.stages - 1);
      syncGroup();
    }
    emitRows(item, index, stage, rows, query, load, parity);
    syncGroup();
    copyPage(item, b.add(index, layout.stages), b.add(current, layout.stages),
             Part::Whole);
  });
  if (!hasBulk)
    b.waitCopies(0);
  b.ifThen(isLast(item, rowBlock), [&] { combine(item, rowBlock); });
}

AttentionLaunch quipu::gpu::getSplitAttention(const AttentionShape &shape,
                                              int64_t maxShared) {
  SharedLayout layout(shape, maxShared);
  int64_t blocks = 2 * layout.bytes() <= maxShared ? 2 : 1;
  // Of one group, registers are left for a block of the kernel behind it.
  bool leavesRegisters = layout.groups == 1 && !shape.cache.valuesInKeys;
  return {static_cast<unsigned>(threads * layout.groups),
          layout.bytes(),
          {multiprocessors * blocks, 1, 1},
          leavesRegisters ? 3U : 1U};
}

void quipu::gpu::emitSplitAttention(DeviceBuilder &builder,
                                    const AttentionShape &shape,
                                    const AttentionArguments &arguments,
                                    int64_t maxShared) {
  SplitAttention(builder, shape, arguments, maxShared).emit();
}
