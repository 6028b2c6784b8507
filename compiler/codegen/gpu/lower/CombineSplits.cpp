//===- CombineSplits.cpp - Partial results of pages, brought together -----===//
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

/// Whether the block sees all partial results: the only one, or the last of
/// several that count here.
Value SplitAttention::isLast(const Item &item, Value rowBlock) {
  b.syncBlock();
  return b.choose(
      b.less(item.blocks, 2),
      [&]() -> Values { return {b.equal(0, b.i32(0))}; },
      [&]() -> Values {
        // A tile's numbers begin where its tokens do.
        int64_t rowBlocks = llvm::divideCeil(shape.group, tileRows);
        Value number = b.add(b.mul(item.tile.first, rowBlocks), rowBlock);
        Value counter = b.at(
            partials,
            b.mul(b.add(b.mul(number, shape.cache.heads), item.head), word));
        Value flag = b.at(shared, layout.flag());
        b.ifThen(b.equal(thread, 0), [&] {
          Value before = b.ptx("{ fence.acq_rel.gpu; "
                               "atom.relaxed.gpu.global.add.u32 $0, [$1], 1; "
                               "fence.acq_rel.gpu; }",
                               b.getI32Type(), counter, /*hasSideEffects=*/true)
                             .front();
          Value isLast = b.equal(b.add(before, 1), item.blocks);
          b.ifThen(isLast, [&] { b.store(b.i32(0), counter); });
          b.store(b.toInt(isLast), flag);
        });
        b.syncBlock();
        return {b.notEqual(b.load(b.getI32Type(), flag), 0)};
      })[0];
}

Values SplitAttention::loadPartials(const Item &item, const Partials &from,
                                    Value page, int64_t count) {
  Values numbers;
  for (int64_t i : llvm::seq(count)) {
    Value index = b.min(b.add(page, i), b.sub(item.pages, 1));
    Value partial = b.at(from.pages, b.mul(b.extend(index), partialBytes()));
    Value behind = b.at(partial, shape.cache.valueDim * word);
    numbers.append(b.loadVector(b.getF32Type(), 2, b.at(partial, from.column)));
    Value largest = b.load(b.getF32Type(), behind);
    // A page behind the last is one of which the row sees nothing.
    numbers.push_back(
        b.select(b.less(b.add(page, i), item.pages), largest, b.f32(least)));
    numbers.push_back(b.load(
        b.getF32Type(), b.at(b.at(behind, 4 * word), b.mul(from.part, word))));
  }
  return numbers;
}

Values SplitAttention::addPartials(ArrayRef<Value> before,
                                   ArrayRef<Value> numbers) {
  State state{before[0], before[1]};
  Values sums(before.drop_front(2));
  for (; !numbers.empty(); numbers = numbers.drop_front(4)) {
    auto [before, ofPage] = update(state, numbers[2], numbers[3]);
    for (unsigned x : {0, 1})
      sums[x] = b.fma(numbers[x], ofPage, b.mulF(sums[x], before));
  }
  return {state.largest, state.sum, sums[0], sums[1]};
}

Values SplitAttention::combinePages(const Item &item, const Partials &from,
                                    State state) {
  // Many pages are loaded ahead of those that are added, as registers allow.
  constexpr int64_t few = 8;
  int64_t many = layout.groups == 1 ? 16 : 8;
  Values first{state.largest, state.sum, b.f32(0), b.f32(0)};
  return b.choose(
      b.less(few, item.pages),
      [&]() -> Values {
        Values inits = first;
        inits.append(loadPartials(item, from, b.i32(0), many));
        Values all = b.forEach(
            0, item.pages, many, inits, [&](Value page, Values all) -> Values {
              Values ahead = loadPartials(item, from, b.add(page, many), many);
              Values next = addPartials(ArrayRef(all).take_front(4),
                                        ArrayRef(all).drop_front(4));
              next.append(ahead);
              return next;
            });
        return Values(ArrayRef(all).take_front(4));
      },
      [&]() -> Values {
        return addPartials(first, loadPartials(item, from, b.i32(0), few));
      });
}

void SplitAttention::combine(const Item &item, Value rowBlock) {
  // A thread has two components of a row, and of its four sums the one that a
  // lane of the products has.
  int64_t pairs = shape.cache.valueDim / 2, all = threads * layout.groups;
  Value firstRow = b.mul(rowBlock, tileRows);
  Value rows =
      b.min(b.sub(b.mul(item.tile.count, shape.group), firstRow), tileRows);
  Value total = b.mul(rows, pairs);
  b.forEach(0, b.ceilDivide(total, all), 1, [&](Value turn) {
    Value number = b.add(b.mul(turn, all), thread);
    Value isThere = b.less(number, total);
    number = b.min(number, b.sub(total, 1));
    Row row =
        getRow(item.tile, item.head, b.add(firstRow, b.divide(number, pairs)));
    Value pair = b.remainder(number, pairs), part = b.bitAnd(pair, 3);
    Partials from{getPartial(item, row), b.mul(pair, 2 * word), part};
    Values sums = combinePages(item, from, getFirstState(row, part));
    Value factor = getFactor({sums[0], sums[1]});
    b.ifThen(isThere, [&] {
      storeResult(item.tile, row, b.mul(pair, 2),
                  {b.mulF(sums[2], factor), b.mulF(sums[3], factor)});
    });
  });
}
