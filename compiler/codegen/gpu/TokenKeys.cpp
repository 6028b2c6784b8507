//===- TokenKeys.cpp - The greatest logits of a block ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/TokenKeys.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

Value TokenKeys::truncate(Value number) {
  return arith::TruncIOp::create(b, b.getI32Type(), number);
}

Value TokenKeys::join(Value high, Value low) {
  return b.bitOr(b.shiftLeft(b.extend(high), b.i64(32)), b.extend(low));
}

Value TokenKeys::maxKey(Value x, Value y) {
  return arith::MaxUIOp::create(b, x, y);
}

Value TokenKeys::notLess(Value x, Value y) {
  return b.compare(arith::CmpIPredicate::uge, x, y);
}

Value TokenKeys::at(Value keys, Value index) {
  return b.at(keys, b.mul(index, bytes));
}

Value TokenKeys::shared(int64_t place) {
  return b.at(b.getSharedMemory(), place);
}

Value TokenKeys::get(Value logit, Value token) {
  Value isNan =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, logit, logit);
  logit = b.select(isNan, b.f32(-INFINITY), logit);
  // -0 becomes 0, which it is equal to.
  Value order = b.bitcast(b.addF(logit, 0.0), b.getI32Type());
  Value flipped = b.select(b.less(order, 0), b.i32(-1), b.i32(INT32_MIN));
  return join(b.bitXor(order, flipped), b.bitXor(token, -1));
}

Value TokenKeys::getToken(Value key) { return b.bitXor(truncate(key), -1); }

Value TokenKeys::getLogit(Value key) {
  Value order = truncate(b.shiftRight(key, b.i64(32)));
  Value flipped = b.select(b.less(order, 0), b.i32(INT32_MIN), b.i32(-1));
  return b.bitcast(b.bitXor(order, flipped), b.getF32Type());
}

Value TokenKeys::reduceWarp(Value key) {
  for (unsigned mask = 16; mask; mask /= 2) {
    Value low = b.shuffleXor(truncate(key), mask);
    Value high = b.shuffleXor(truncate(b.shiftRight(key, b.i64(32))), mask);
    key = maxKey(key, join(high, low));
  }
  return key;
}

Value TokenKeys::reduceBlock(ArrayRef<Value> keys) {
  Value thread = b.getThread(), lane = b.remainder(thread, 32);
  Value key = keys[0];
  for (Value other : keys.drop_front())
    key = maxKey(key, other);
  key = reduceWarp(key);
  b.ifThen(b.equal(lane, 0),
           [&] { b.store(key, at(shared(sums), b.divide(thread, 32))); });
  b.syncBlock();
  Value last = b.min(lane, int64_t(threads / 32 - 1));
  return reduceWarp(b.load(b.getI64Type(), at(shared(sums), last)));
}

/// How many of all threads' keys are at least `bound`, in every thread. Turns
/// alternate between two places.
Value TokenKeys::countFrom(ArrayRef<Value> keys, Value bound, Value turn) {
  Value thread = b.getThread();
  Value own = b.i32(0);
  for (Value key : keys)
    own = b.add(own, b.toInt(notLess(key, bound)));
  own = b.reduce(own, 32, [&](Value x, Value y) { return b.add(x, y); });
  int64_t warps = threads / 32;
  Value counts = b.at(shared(sums), b.mul(turn, warps * 4));
  b.ifThen(b.equal(b.remainder(thread, 32), 0),
           [&] { b.store(own, b.at(counts, b.mul(b.divide(thread, 32), 4))); });
  b.syncBlock();
  Value all = b.i32(0);
  for (int64_t warp = 0; warp < warps; warp += 4)
    for (Value some : b.loadVector(b.getI32Type(), 4, b.at(counts, warp * 4)))
      all = b.add(all, some);
  return all;
}

/// A key of which `mostKept` are at least as great, or all but 0 where they are
/// fewer. Halving what may be the last one's key ends there, as no two are
/// equal.
Value TokenKeys::findLast(ArrayRef<Value> keys) {
  Values found = b.whileLoop(
      {b.i64(0), b.i64(int64_t(0xffffffff00000000)), b.i32(0)},
      [&](Values range) {
        return b.compare(arith::CmpIPredicate::ugt, b.sub(range[1], range[0]),
                         b.i64(1));
      },
      [&](Values range) -> Values {
        Value middle =
            b.add(range[0], b.shiftRight(b.sub(range[1], range[0]), b.i64(1)));
        Value reach = countFrom(keys, middle, range[2]);
        Value tooMany = b.less(mostKept, reach);
        Value exact = b.equal(reach, mostKept);
        Value low = b.select(b.bitOr(tooMany, exact), middle, range[0]);
        Value high = b.select(tooMany, range[1],
                              b.select(exact, b.add(middle, b.i64(1)), middle));
        return {low, high, b.bitXor(range[2], 1)};
      });
  return maxKey(found[0], b.i64(1));
}

void TokenKeys::keepGreatest(ArrayRef<Value> keys) {
  Value thread = b.getThread();
  b.ifThen(b.less(thread, mostKept),
           [&] { b.store(b.i64(0), at(shared(list), thread)); });
  b.ifThen(b.equal(thread, 0), [&] { b.store(b.i32(0), shared(count)); });
  Value last = findLast(keys);
  b.syncBlock();
  for (Value key : keys)
    b.ifThen(notLess(key, last), [&] {
      Value place = b.ptx("atom.shared.add.u32 $0, [$1], 1;", b.getI32Type(),
                          shared(count), /*hasSideEffects=*/true)[0];
      b.store(key, at(shared(list), place));
    });
  b.syncBlock();
}

/// A key's place is how many are greater.
void TokenKeys::sort() {
  Value thread = b.getThread();
  b.ifThen(b.less(thread, mostKept), [&] {
    Value key = b.load(b.getI64Type(), at(shared(list), thread));
    Value place = b.i32(0);
    for (int64_t i = 0; i < mostKept; ++i) {
      Value other = b.load(b.getI64Type(), shared(list + i * bytes));
      Value isGreater = b.compare(arith::CmpIPredicate::ugt, other, key);
      place = b.add(place, b.toInt(isGreater));
    }
    b.store(key, at(shared(sorted), place));
  });
  b.syncBlock();
}
