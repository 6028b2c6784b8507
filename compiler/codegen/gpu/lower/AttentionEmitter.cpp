//===- AttentionEmitter.cpp - What kernels of attention share -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/AttentionEmitter.h"
#include "abi/Abi.h"
#include "llvm/ADT/Sequence.h"
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;
using abi::DeviceKvLayout;

//===----------------------------------------------------------------------===//
// The step
//===----------------------------------------------------------------------===//

// No kernel changes what a step is given while another runs, so all this is
// loaded once.

Value AttentionEmitter::loadField(Value from, size_t field, Type type) {
  return b.loadConstant(type, b.at(from, field));
}

void AttentionEmitter::loadStep(Value from) {
  auto loadPointer = [&](size_t field) {
    return loadField(from, field, b.getPointerType(1));
  };
  step.tileCount =
      loadField(from, offsetof(abi::StepArgs, queryTileCount), b.getI32Type());
  step.tiles = loadPointer(offsetof(abi::StepArgs, queryTiles));
  step.sequences = loadPointer(offsetof(abi::StepArgs, sequences));
  step.places = loadPointer(shape.isFull ? offsetof(abi::StepArgs, ends)
                                         : offsetof(abi::StepArgs, positions));
  Value pool = b.at(loadPointer(offsetof(abi::StepArgs, pools)),
                    shape.pool * int64_t(sizeof(abi::PagePool)));
  auto loadOfPool = [&](size_t field, Type type) {
    return b.loadConstant(type, b.at(pool, field));
  };
  step.table = loadOfPool(offsetof(abi::PagePool, table), b.getPointerType(1));
  step.tablePages =
      loadOfPool(offsetof(abi::PagePool, tablePages), b.getI32Type());
  step.pages = loadOfPool(offsetof(abi::PagePool, pages), b.getPointerType(1));
}

Value AttentionEmitter::loadNumber(Value array, Value index) {
  return b.loadConstant(b.getI32Type(),
                        b.at(array, b.mul(index, sizeof(int32_t))));
}

AttentionEmitter::Tile AttentionEmitter::loadTile(Value number) {
  Values fields =
      b.loadVector(b.getI32Type(), 2,
                   b.at(step.tiles, b.mul(number, sizeof(abi::QueryTile))),
                   /*isConstant=*/true);
  Tile tile{fields[0], fields[1], {}, {}, {}};
  Value place = loadNumber(step.places, tile.first);
  (shape.isFull ? tile.end : tile.position) = place;
  Value slot = loadNumber(step.sequences, tile.first);
  tile.table = b.at(step.table, b.mul(b.extend(b.mul(slot, step.tablePages)),
                                      sizeof(int32_t)));
  return tile;
}

Value AttentionEmitter::getBegin(Value end) {
  return b.max(b.sub(end, shape.window), 0);
}

AttentionEmitter::Row AttentionEmitter::getRow(const Tile &tile, Value head,
                                               Value number) {
  Value rows = b.mul(tile.count, shape.group);
  Row row;
  row.isThere = b.less(number, rows);
  number = b.min(number, b.sub(rows, 1));
  row.token = b.divide(number, shape.group);
  row.head = b.add(b.mul(head, shape.group), b.remainder(number, shape.group));
  row.end = shape.isFull ? tile.end : b.add(b.add(tile.position, row.token), 1);
  if (shape.window)
    row.begin = getBegin(row.end);
  return row;
}

Value AttentionEmitter::getQuery(const Tile &tile, const Row &row) {
  Value token = b.extend(b.add(tile.first, row.token));
  Value head = b.mul(row.head, shape.cache.keyDim * int64_t(sizeof(float)));
  return b.at(b.at(arguments.query, b.mul(token, shape.queryRowBytes)), head);
}

void AttentionEmitter::storeResult(const Tile &tile, const Row &row,
                                   Value component, Values numbers) {
  Value column = b.add(b.mul(row.head, shape.cache.valueDim), component);
  Value result = shape.result.getPlace(b, arguments.result,
                                       b.add(tile.first, row.token), column);
  if (shape.result.numberBytes != 2) {
    b.storeVector(numbers, result);
    return;
  }
  for (Value &number : numbers)
    number = b.limitToHalf(number);
  if (numbers.size() == 1) {
    Value pair = b.pack(Half::F16, numbers[0], numbers[0]);
    b.store(arith::TruncIOp::create(b, b.getI16Type(), pair), result);
    return;
  }
  b.store(b.pack(Half::F16, numbers[0], numbers[1]), result);
}

std::pair<Value, Value> AttentionEmitter::getPage(const Tile &tile, Value page,
                                                  Value head) {
  Value number = b.loadConstant(b.getI32Type(),
                                b.at(tile.table, b.mul(page, sizeof(int32_t))));
  Value place = b.add(b.mul(b.extend(arguments.layer), shape.layerBytes),
                      shape.placeBytes);
  Value keys =
      b.at(b.at(step.pages, b.mul(b.extend(number), shape.pageBytes)), place);
  const DeviceKvLayout &cache = shape.cache;
  auto getHead = [&](int64_t offset, int64_t dim) {
    return b.at(b.at(keys, offset), b.mul(head, cache.headBytes(dim)));
  };
  return {getHead(0, cache.keyDim),
          getHead(cache.valuesOffset(), cache.valueHeadDim())};
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// log2 of e.
static constexpr double log2e = std::numbers::log2e;

double AttentionEmitter::getScoreFactor() const {
  return float((shape.softCap ? double(shape.softCap) : double(shape.scale)) *
               log2e);
}

Values AttentionEmitter::loadQuery(ValueRange queries, int64_t step) {
  Values pairs;
  for (int64_t half : {0, 8})
    for (Value query : queries) {
      Values two = b.loadVector(
          b.getF32Type(), 2,
          b.at(query, (step * 16 + half) * int64_t(sizeof(float))));
      pairs.push_back(
          b.pack(Half::F16, b.limitToHalf(two[0]), b.limitToHalf(two[1])));
    }
  return pairs;
}

SmallVector<Values> AttentionEmitter::holdQuery(QueryOfStep load) {
  constexpr int64_t longKey = 256; // leaves no registers for scores and values
  SmallVector<Values> query;
  if (shape.cache.keyDim <= longKey)
    for (int64_t step : llvm::seq(shape.cache.keyDim / 16))
      query.push_back(load(step));
  return query;
}

Values AttentionEmitter::multiplyKeys(const Matrix &four, const Matrix &two,
                                      ArrayRef<Values> held, QueryOfStep load,
                                      int64_t eights) {
  constexpr int64_t stepsAtOnce = 8;
  auto getQuery = [&](int64_t step) {
    if (!held.empty())
      return held[step];
    // Loads stay behind it.
    if (step % stepsAtOnce == 0)
      b.syncWarp();
    return load(step);
  };
  Values scores(4 * eights, b.f32(0));
  int64_t steps = shape.cache.keyDim / 16;
  for (int64_t step = 0; step < steps; step += 2) {
    SmallVector<Values, 2> query{getQuery(step)};
    if (step + 1 < steps)
      query.push_back(getQuery(step + 1));
    for (int64_t eight : llvm::seq(eights)) {
      Values pairs =
          loadMatrices(query.size() == 1 ? two : four, 8 * eight, step * 2);
      MutableArrayRef<Value> sums = MutableArrayRef(scores).slice(4 * eight, 4);
      for (auto [i, factors] : llvm::enumerate(query))
        llvm::copy(b.mma(Half::F16, factors, ArrayRef(pairs).slice(2 * i, 2),
                         ValueRange(sums)),
                   sums.begin());
    }
  }
  return scores;
}

void AttentionEmitter::cap(Values &scores) {
  if (!shape.softCap)
    return;
  // tanh(x) = 1 - 2 / (exp(2 x) + 1)
  double factor = 2 * double(shape.scale) / double(shape.softCap) * log2e;
  for (Value &score : scores) {
    Value power = b.exp2(b.mulF(score, float(factor)));
    score = b.fma(b.reciprocal(b.addF(power, 1.0)), -2.0, 1.0);
  }
}

void AttentionEmitter::hide(Values &scores, ArrayRef<Row> rows, Value from) {
  Value hidden = b.f32(-INFINITY);
  for (auto [h, row] : llvm::enumerate(rows)) {
    Value end = b.sub(row.end, from);
    Value begin = shape.window ? b.sub(row.begin, from) : Value();
    for (size_t i = 0; i < scores.size(); i += 4)
      for (int64_t x : {0, 1}) {
        Value &score = scores[i + 2 * h + x];
        int64_t position = int64_t(i) * 2 + x;
        score = b.select(b.less(position, end), score, hidden);
        if (begin)
          score = b.select(b.less(position, begin), hidden, score);
      }
  }
}

Value AttentionEmitter::hideOne(Value score, const Row &row, Value position) {
  Value isHidden = b.less(b.sub(row.end, 1), position);
  if (shape.window)
    isHidden = b.bitOr(isHidden, b.less(position, row.begin));
  return b.select(isHidden, b.f32(-INFINITY), score);
}

void AttentionEmitter::hideInPage(Values &scores, ArrayRef<Row> rows,
                                  const Row &first, const Row &last, Value page,
                                  Value own) {
  Value hides = b.less(first.end, b.add(page, abi::pagePositions));
  if (shape.window)
    hides = b.bitOr(hides, b.less(page, last.begin));
  scores = b.choose(
      hides,
      [&]() -> Values {
        Values some = scores;
        hide(some, rows, b.add(page, own));
        return some;
      },
      [&]() -> Values { return scores; });
}

Value AttentionEmitter::getLargest(const Values &scores, unsigned row) {
  // Four chains; the largest number does not depend on the order.
  Value chains[4];
  for (size_t i = 0; i < scores.size(); i += 4)
    for (unsigned x : {0, 1}) {
      Value score = scores[i + 2 * row + x];
      Value &chain = chains[i / 4 % 2 * 2 + x];
      chain = chain ? b.maxF(chain, score) : score;
    }
  auto larger = [&](Value x, Value y) { return b.maxF(x, y); };
  return b.reduce(
      larger(larger(chains[0], chains[1]), larger(chains[2], chains[3])), 4,
      larger);
}

Value AttentionEmitter::getPageLargest(Value largest) {
  return b.maxF(b.mulF(largest, getScoreFactor()), least);
}

Value AttentionEmitter::getWeight(Value score, Value pageLargest) {
  return b.exp2(b.fma(score, getScoreFactor(), b.negF(pageLargest)));
}

void AttentionEmitter::weigh(Values &scores, unsigned row, Value pageLargest) {
  for (size_t i = 0; i < scores.size(); i += 4)
    for (unsigned x : {0, 1}) {
      Value &score = scores[i + 2 * row + x];
      score = getWeight(score, pageLargest);
    }
}

Values AttentionEmitter::addQuarters(const Values &weights, unsigned row) {
  Values quarters;
  for (size_t i = 0; i < weights.size(); i += 16) {
    Values pairs;
    for (size_t eight = i; eight < i + 16; eight += 4)
      pairs.push_back(
          b.addF(weights[eight + 2 * row], weights[eight + 2 * row + 1]));
    quarters.push_back(
        b.addF(b.addF(pairs[0], pairs[1]), b.addF(pairs[2], pairs[3])));
  }
  return quarters;
}

Value AttentionEmitter::addQuarters(const Values &quarters) {
  assert(quarters.size() == 4 && "of 32 positions");
  return b.addF(b.addF(quarters[0], quarters[1]),
                b.addF(quarters[2], quarters[3]));
}

Values AttentionEmitter::packWeights(const Values &weights) {
  Values pairs;
  for (size_t i = 0; i < weights.size(); i += 2)
    pairs.push_back(b.pack(Half::F16, weights[i], weights[i + 1]));
  return pairs;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

AttentionEmitter::State AttentionEmitter::getFirstState(const Row &row,
                                                        Value quad) {
  if (!shape.hasSinks)
    return {b.f32(least), b.f32(0)};
  Value sink = b.loadConstant(
      b.getF32Type(), b.at(arguments.sinks, b.mul(row.head, sizeof(float))));
  return {b.maxF(b.mulF(sink, float(log2e)), least),
          b.select(b.equal(quad, 0), b.f32(1), b.f32(0))};
}

std::pair<Value, Value>
AttentionEmitter::update(State &state, Value pageLargest, Value pageSum) {
  Value largest = b.maxF(state.largest, pageLargest);
  Value before = b.exp2(b.subF(state.largest, largest));
  Value ofPage = b.exp2(b.subF(pageLargest, largest));
  state = {largest, b.fma(pageSum, ofPage, b.mulF(state.sum, before))};
  return {before, ofPage};
}

Value AttentionEmitter::getFactor(const State &state) {
  Value sum =
      b.reduce(state.sum, 4, [&](Value x, Value y) { return b.addF(x, y); });
  return b.divideF(1.0, sum);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

AttentionEmitter::Matrix AttentionEmitter::getMatrix(Value base, int64_t dim,
                                                     Value laneRow,
                                                     Value laneChunk) {
  Value address = b.getSharedAddress(base);
  if (!shape.cache.hasPanels(dim))
    return {b.add(b.add(address, b.mul(laneRow, 2 * dim)),
                  b.shiftLeft(laneChunk, 4)),
            {},
            dim};
  return {b.add(address, b.mul(laneRow, DeviceKvLayout::panelRowBytes)),
          b.shiftLeft(b.bitXor(laneChunk, b.bitAnd(laneRow, 7)), 4), dim};
}

Values AttentionEmitter::loadMatrices(const Matrix &matrix, int64_t row,
                                      int64_t chunk, bool transposed) {
  constexpr int64_t size = DeviceKvLayout::chunkBytes;
  if (!matrix.swizzle)
    return b.loadMatrices(matrix.base, transposed,
                          row * 2 * matrix.dim + chunk * size);
  Value place = b.add(matrix.base, b.bitXor(matrix.swizzle, chunk % 8 * size));
  return b.loadMatrices(place, transposed,
                        (chunk / 8 * abi::pagePositions + row) *
                            DeviceKvLayout::panelRowBytes);
}

void AttentionEmitter::copyAll(Value shared, Value global, int64_t bytes,
                               Value thread, int64_t threads) {
  constexpr int64_t chunk = DeviceKvLayout::chunkBytes;
  Value offset = b.mul(thread, chunk);
  shared = b.at(shared, offset);
  global = b.at(global, offset);
  for (int64_t i = 0; i < bytes; i += threads * chunk)
    b.copyAsync(b.at(shared, i), b.at(global, i), chunk);
}

Value quipu::gpu::getCachePlace(DeviceBuilder &b, const DeviceKvLayout &layout,
                                int64_t dim, Value position, Value component) {
  int64_t bytes = layout.numberBytes();
  if (!layout.hasPanels(dim))
    return b.mul(b.add(b.mul(position, dim), component), bytes);
  Value panel = b.mul(b.divide(component, DeviceKvLayout::panel),
                      abi::pagePositions * DeviceKvLayout::panelRowBytes);
  return b.add(panel, getPlaceInPanel(b, position, component));
}
