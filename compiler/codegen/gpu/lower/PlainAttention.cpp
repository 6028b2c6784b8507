//===- PlainAttention.cpp - Attention without tensor cores ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp has a row and walks the pages that it sees: a lane has the scores of
// four positions of a page, then some components of the values. For caches in
// f32 and heads that tensor cores do not take; everything is f32.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/AttentionEmitter.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
constexpr int64_t warps = 4, lanes = 32;
constexpr int64_t lanePositions = abi::pagePositions / lanes;

class PlainAttention : AttentionEmitter {
public:
  using AttentionEmitter::AttentionEmitter;
  void emit();

private:
  void emitRow(const Tile &tile, Value head, const Row &row);
  /// A number of the head's keys or values in a page, as f32.
  Value loadNumber(Value head, int64_t dim, Value position, Value component);
  Values multiplyKeys(Value keys, Value query);
  /// `sums` of the lane's components.
  Values addValues(Value values, const Values &weights, Values sums);

  Value lane;
};
} // namespace

void PlainAttention::emit() {
  b.waitForKernelBefore();
  loadStep(arguments.step);
  lane = b.bitAnd(b.getThread(), lanes - 1);
  Value warp = b.getUniform(b.shiftRight(b.getThread(), 5));
  int64_t rows = shape.tileTokens() * shape.group;
  int64_t tileItems = shape.cache.heads * rows;
  b.forEach(b.add(b.mul(b.getBlock(), warps), warp),
            b.mul(step.tileCount, tileItems), b.mul(b.getBlocks(), warps),
            [&](Value number) {
              Tile tile = loadTile(b.divide(number, tileItems));
              Value inTile = b.remainder(number, tileItems);
              Value head = b.divide(inTile, rows);
              Row row = getRow(tile, head, b.remainder(inTile, rows));
              b.ifThen(row.isThere, [&] { emitRow(tile, head, row); });
            });
}

Value PlainAttention::loadNumber(Value head, int64_t dim, Value position,
                                 Value component) {
  Value place =
      b.at(head, getCachePlace(b, shape.cache, dim, position, component));
  if (shape.cache.type == abi::CacheType::F32)
    return b.load(b.getF32Type(), place);
  return arith::ExtFOp::create(b, b.getF32Type(),
                               b.load(b.getF16Type(), place));
}

Values PlainAttention::multiplyKeys(Value keys, Value query) {
  int64_t dim = shape.cache.keyDim;
  Values scores(lanePositions, b.f32(0));
  return b.forEach(
      0, dim, 1, scores, [&](Value component, Values scores) -> Values {
        Value factor = b.load(b.getF32Type(),
                              b.at(query, b.mul(component, sizeof(float))));
        for (auto [i, score] : llvm::enumerate(scores))
          score = b.fma(
              factor, loadNumber(keys, dim, b.add(lane, i * lanes), component),
              score);
        return scores;
      });
}

Values PlainAttention::addValues(Value values, const Values &weights,
                                 Values sums) {
  int64_t dim = shape.cache.valueDim;
  for (auto [i, weight] : llvm::enumerate(weights))
    sums = b.forEach(0, lanes, 1, sums, [&](Value from, Values sums) -> Values {
      Value factor = b.shuffle(weight, from);
      for (auto [k, sum] : llvm::enumerate(sums)) {
        Value component = b.min(b.add(lane, k * lanes), dim - 1);
        sum = b.fma(factor,
                    loadNumber(values, shape.cache.valueHeadDim(),
                               b.add(from, i * lanes), component),
                    sum);
      }
      return sums;
    });
  return sums;
}

void PlainAttention::emitRow(const Tile &tile, Value head, const Row &row) {
  int64_t dim = shape.cache.valueDim;
  size_t count = llvm::divideCeil(dim, lanes);
  Value query = getQuery(tile, row);
  Value firstPage =
      shape.window ? b.divide(row.begin, abi::pagePositions) : b.i32(0);
  // All lanes have the whole sum of weights.
  State first = getFirstState(row, b.i32(0));
  Values inits{first.largest, first.sum};
  inits.append(count, b.f32(0));
  Values all = b.forEach(
      firstPage, b.ceilDivide(row.end, abi::pagePositions), 1, inits,
      [&](Value page, Values all) -> Values {
        auto [keys, values] = getPage(tile, page, head);
        Values scores = multiplyKeys(keys, query);
        cap(scores);
        Value position = b.add(b.mul(page, abi::pagePositions), lane);
        for (auto [i, score] : llvm::enumerate(scores))
          score = hideOne(score, row, b.add(position, i * lanes));
        auto larger = [&](Value x, Value y) { return b.maxF(x, y); };
        auto sum = [&](Value x, Value y) { return b.addF(x, y); };
        Value largest = getPageLargest(b.reduce(
            larger(larger(scores[0], scores[1]), larger(scores[2], scores[3])),
            lanes, larger));
        for (Value &score : scores)
          score = getWeight(score, largest);
        Value pageSum =
            b.reduce(sum(sum(scores[0], scores[1]), sum(scores[2], scores[3])),
                     lanes, sum);
        State state{all[0], all[1]};
        auto [before, ofPage] = update(state, largest, pageSum);
        Values sums = addValues(values, scores, Values(count, b.f32(0)));
        Values next{state.largest, state.sum};
        for (size_t k : llvm::seq(count))
          next.push_back(b.fma(sums[k], ofPage, b.mulF(all[2 + k], before)));
        return next;
      });
  Value factor = b.divideF(1.0, all[1]);
  for (size_t k : llvm::seq(count)) {
    Value component = b.add(lane, k * lanes);
    b.ifThen(b.less(component, dim), [&] {
      storeResult(tile, row, component, {b.mulF(all[2 + k], factor)});
    });
  }
}

AttentionLaunch quipu::gpu::getPlainAttention(const AttentionShape &shape) {
  int64_t rows = shape.tokens * shape.queryHeads();
  return {warps * lanes,
          0,
          {static_cast<int64_t>(llvm::divideCeil(rows, warps)), 1, 1}};
}

void quipu::gpu::emitPlainAttention(DeviceBuilder &builder,
                                    const AttentionShape &shape,
                                    const AttentionArguments &arguments) {
  PlainAttention(builder, shape, arguments).emit();
}
