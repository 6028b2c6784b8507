//===- TokenChoice.cpp - Functions that choose the next tokens ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/TokenChoice.h"
#include "abi/Abi.h"
#include "abi/TokenChoice.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;
using abi::SamplerState;
using abi::TokenChoices;

static constexpr unsigned chooseThreads = 256, advanceThreads = 512;
static constexpr int64_t keyBytes = 8, mostKept = abi::maxDeviceTopK;

int64_t TokenChoiceShape::parts() const {
  return llvm::divideCeil(vocabulary, abi::choicePart);
}

int64_t TokenChoiceShape::candidates() const {
  return llvm::PowerOf2Ceil(parts() * mostKept);
}

TokenChoiceLaunch quipu::gpu::getChoose(const TokenChoiceShape &) {
  return {chooseThreads, abi::choicePart * keyBytes};
}

TokenChoiceLaunch quipu::gpu::getAdvance(const TokenChoiceShape &shape) {
  // Behind the candidates two weights of each that is kept.
  return {advanceThreads, shape.candidates() * keyBytes +
                              2 * mostKept * int64_t(sizeof(double))};
}

namespace {
/// A key is an i64: the logit as a number of the same order, and the token, of
/// which a lower one is greater. No logit's key is 0.
class TokenChoiceEmitter {
public:
  TokenChoiceEmitter(DeviceBuilder &builder, const TokenChoiceShape &shape,
                     const TokenChoiceArguments &arguments, unsigned threads)
      : b(builder), shape(shape), arguments(arguments), threads(threads) {}

  void emitChoose() {
    b.launchKernelAfter();
    loadRow();
    Value part = b.getBlock();
    // The state is of the step before.
    Value penalty = loadState(offsetof(SamplerState, repeatPenalty), f32());
    Value isSampled = loadIsSampled();
    b.waitForKernelBefore();
    b.ifThen(b.less(row, count), [&] {
      Value outputs = loadArgument(offsetof(abi::StepArgs, outputs), pointer());
      Value logits =
          b.load(pointer(), b.at(outputs, b.mul(arguments.output, 8)));
      logits = b.at(logits, b.mul(b.extend(row), b.i64(shape.rowBytes)));
      Value begin = b.mul(part, abi::choicePart);
      b.ifThen(isNotOne(penalty), [&] {
        penalise(logits, begin, penalty);
        b.syncBlock();
      });
      Values keys;
      for (int64_t i = 0; i < abi::choicePart; i += threads)
        keys.push_back(loadKey(logits, b.add(begin, b.add(thread, i))));
      Value place = getCandidates(part);
      b.ifElse(
          isSampled, [&] { keepFirst(keys, place); },
          [&] {
            Value highest = keys[0];
            for (Value key : llvm::drop_begin(keys))
              highest = maxKey(highest, key);
            highest = reduceBlock(highest);
            b.ifThen(b.equal(thread, 0), [&] { b.store(highest, place); });
          });
    });
  }

  void emitAdvance() {
    b.launchKernelAfter();
    loadRow();
    Value isSampled = loadIsSampled();
    Value position = loadOf(offsetof(abi::StepArgs, positions));
    Value sequence = loadOf(offsetof(abi::StepArgs, sequences));
    position = b.add(position, 1);
    Values mappings;
    for (int64_t i = 0; i < shape.pools; ++i)
      mappings.push_back(getMapping(i, sequence, position));
    b.waitForKernelBefore();
    b.ifThen(b.less(row, count), [&] {
      Value token = b.choose(
          isSampled, [&]() -> Values { return {draw()}; },
          [&]() -> Values { return {getToken(getHighest())}; })[0];
      b.ifThen(b.equal(thread, 0), [&] {
        tell(token);
        advance(token, position, mappings);
      });
    });
  }

private:
  Type i32() { return b.getI32Type(); }
  Type i64() { return b.getI64Type(); }
  Type f32() { return b.getF32Type(); }
  Type f64() { return b.getF64Type(); }
  Type pointer() { return b.getPointerType(1); }

  Value loadArgument(size_t field, Type type) {
    return b.load(type, b.at(arguments.args, int64_t(field)));
  }
  Value loadChoices(size_t field, Type type) {
    return b.load(type, b.at(arguments.choices, int64_t(field)));
  }
  Value loadState(size_t field, Type type) {
    return b.load(type, b.at(state, int64_t(field)));
  }
  /// Number `index` of an array of i32.
  Value atNumber(Value numbers, Value index) {
    return b.at(numbers, b.mul(b.extend(index), b.i64(4)));
  }
  /// The row's number of an array of the step.
  Value placeOf(size_t field) {
    return atNumber(loadArgument(field, pointer()), row);
  }
  Value loadOf(size_t field) { return b.load(i32(), placeOf(field)); }

  void loadRow() {
    thread = b.getThread();
    row = b.getBlockY();
    count = loadArgument(offsetof(abi::StepArgs, selectedCount), i32());
    state = b.at(loadChoices(offsetof(TokenChoices, states), pointer()),
                 b.mul(b.extend(row), b.i64(sizeof(SamplerState))));
  }

  Value loadIsSampled() {
    return b.lessF(b.f32(0),
                   loadState(offsetof(SamplerState, temperature), f32()));
  }

  Value isNotOne(Value number) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, number,
                                 b.f32(1));
  }

  //===--------------------------------------------------------------------===//
  // Keys
  //===--------------------------------------------------------------------===//

  Value truncate(Value number) {
    return arith::TruncIOp::create(b, i32(), number);
  }
  Value maxKey(Value x, Value y) { return arith::MaxUIOp::create(b, x, y); }

  /// Of a token's logit; 0 behind the last one.
  Value loadKey(Value logits, Value token) {
    Value last = b.i32(shape.vocabulary - 1);
    Value logit = b.load(f32(), atNumber(logits, b.min(token, last)));
    Value isNan =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, logit, logit);
    logit = b.select(isNan, b.f32(-INFINITY), logit);
    // -0 becomes 0, which it is equal to.
    Value bits = b.bitcast(b.addF(logit, 0.0), i32());
    Value order =
        b.bitXor(bits, b.select(b.less(bits, 0), b.i32(-1), b.i32(INT32_MIN)));
    Value key = b.bitOr(b.shiftLeft(b.extend(order), b.i64(32)),
                        b.extend(b.bitXor(token, -1)));
    return b.select(b.less(last, token), b.i64(0), key);
  }

  Value getToken(Value key) { return b.bitXor(truncate(key), -1); }

  Value getLogit(Value key) {
    Value order = truncate(b.shiftRight(key, b.i64(32)));
    return b.bitcast(b.bitXor(order, b.select(b.less(order, 0),
                                              b.i32(INT32_MIN), b.i32(-1))),
                     f32());
  }

  Value reduceWarp(Value key) {
    for (unsigned mask = 16; mask; mask /= 2) {
      Value low = b.shuffleXor(truncate(key), mask);
      Value high = b.shuffleXor(truncate(b.shiftRight(key, b.i64(32))), mask);
      key = maxKey(
          key, b.bitOr(b.shiftLeft(b.extend(high), b.i64(32)), b.extend(low)));
    }
    return key;
  }

  /// The greatest key of the block, in the first warp.
  Value reduceBlock(Value key) {
    Value lane = b.remainder(thread, 32), warp = b.divide(thread, 32);
    Value shared = b.getSharedMemory();
    key = reduceWarp(key);
    b.ifThen(b.equal(lane, 0), [&] { b.store(key, atKey(shared, warp)); });
    b.syncBlock();
    Value warps = b.i32(threads / 32);
    Value other = b.load(i64(), atKey(shared, b.min(lane, b.sub(warps, 1))));
    return reduceWarp(other);
  }

  Value atKey(Value keys, Value index) {
    return b.at(keys, b.mul(index, keyBytes));
  }

  /// Where `choose` leaves the candidates of a part.
  Value getCandidates(Value part) {
    Value candidates =
        loadChoices(offsetof(TokenChoices, candidates), pointer());
    Value number = b.add(b.mul(row, shape.parts()), part);
    return b.at(candidates,
                b.mul(b.extend(number), b.i64(mostKept * keyBytes)));
  }

  /// Sorts `size` keys (a power of two) in shared memory, the greatest first:
  /// Batcher's bitonic network.
  void sort(int64_t size) {
    Value shared = b.getSharedMemory();
    auto half = [&](Value number) { return b.shiftRight(number, 1); };
    b.syncBlock();
    b.whileLoop(
        {b.i32(2)}, [&](Values run) { return b.less(run[0], 2 * size); },
        [&](Values run) -> Values {
          b.whileLoop(
              {half(run[0])},
              [&](Values distance) { return b.notEqual(distance[0], 0); },
              [&](Values distance) -> Values {
                b.forEach(thread, size / 2, threads, [&](Value i) {
                  exchange(shared, i, run[0], distance[0]);
                });
                b.syncBlock();
                return {half(distance[0])};
              });
          return {b.shiftLeft(run[0], 1)};
        });
  }

  /// Brings pair number `i` of keys `distance` apart into the order that its
  /// run has.
  void exchange(Value shared, Value i, Value run, Value distance) {
    Value low = b.bitAnd(i, b.sub(distance, 1));
    Value first = b.sub(b.shiftLeft(i, 1), low);
    Value here = atKey(shared, first),
          there = atKey(shared, b.add(first, distance));
    Value x = b.load(i64(), here), y = b.load(i64(), there);
    Value isRising = b.notEqual(b.bitAnd(first, run), 0);
    Value greater = maxKey(x, y);
    Value lesser = arith::MinUIOp::create(b, x, y);
    b.store(b.select(isRising, lesser, greater), here);
    b.store(b.select(isRising, greater, lesser), there);
  }

  //===--------------------------------------------------------------------===//
  // choose
  //===--------------------------------------------------------------------===//

  /// Makes the logits of the part's tokens among the text's last ones smaller,
  /// each once.
  void penalise(Value logits, Value begin, Value penalty) {
    Value accepted = loadState(offsetof(SamplerState, accepted), i32());
    Value recent = b.at(state, int64_t(offsetof(SamplerState, recent)));
    Value known =
        arith::MinUIOp::create(b, accepted, b.i32(SamplerState::window));
    b.ifThen(b.less(thread, known), [&] {
      Value token = b.load(i32(), atNumber(recent, thread));
      Value isHere = b.compare(arith::CmpIPredicate::ult, b.sub(token, begin),
                               b.i32(abi::choicePart));
      Value times = b.forEach(
          0, thread, 1, {b.i32(0)}, [&](Value i, Values times) -> Values {
            Value other = b.load(i32(), atNumber(recent, i));
            return {b.add(times[0], b.toInt(b.equal(other, token)))};
          })[0];
      b.ifThen(b.bitAnd(isHere, b.equal(times, 0)), [&] {
        Value place = atNumber(logits, token);
        Value logit = b.load(f32(), place);
        Value isNegative = arith::CmpFOp::create(b, arith::CmpFPredicate::OLE,
                                                 logit, b.f32(0));
        b.store(b.select(isNegative, b.mulF(logit, penalty),
                         b.divideF(logit, penalty)),
                place);
      });
    });
  }

  /// Stores the part's first topK candidates.
  void keepFirst(ArrayRef<Value> keys, Value place) {
    Value shared = b.getSharedMemory();
    for (auto [i, key] : llvm::enumerate(keys))
      b.store(key, atKey(shared, b.add(thread, int64_t(i) * threads)));
    sort(abi::choicePart);
    b.ifThen(b.less(thread, mostKept), [&] {
      b.store(b.load(i64(), atKey(shared, thread)),
              atKey(place, b.extend(thread)));
    });
  }

  //===--------------------------------------------------------------------===//
  // advance
  //===--------------------------------------------------------------------===//

  Value getHighest() {
    Value highest = b.forEach(
        thread, shape.parts(), threads, {b.i64(0)},
        [&](Value part, Values highest) -> Values {
          return {maxKey(highest[0], b.load(i64(), getCandidates(part)))};
        })[0];
    return reduceBlock(highest);
  }

  Value constant(double number) { return b.constant(f64(), number); }
  Value widen(Value number) { return arith::ExtFOp::create(b, f64(), number); }

  /// expOf of runtime/generate/Sampler.h.
  Value emitExp(Value x) {
    using namespace abi::exponential;
    Value k = b.subF(b.addF(b.mulF(x, log2e), toInteger), toInteger);
    Value r = b.subF(b.subF(x, b.mulF(k, ln2High)), b.mulF(k, ln2Low));
    Value sum = constant(coefficient(terms));
    for (int32_t i = terms - 1; i >= 0; --i)
      sum = b.addF(b.mulF(sum, r), coefficient(i));
    Value exponent = arith::FPToSIOp::create(b, i64(), k);
    Value scale = b.bitcast(b.shiftLeft(b.add(exponent, 1023), 52), f64());
    return b.select(b.lessF(x, least), constant(0), b.mulF(sum, scale));
  }

  Value emitWeight(Value logit, Value highest, Value temperature) {
    Value difference = b.subF(widen(logit), widen(highest));
    Value isHighest =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, logit, highest);
    return b.select(isHighest, constant(1),
                    emitExp(b.divideF(difference, widen(temperature))));
  }

  /// The first topK of all parts, and of them one by its probability; in
  /// thread 0.
  Value draw() {
    Value shared = b.getSharedMemory();
    int64_t size = shape.candidates(), parts = shape.parts();
    Value all = getCandidates(b.i32(0));
    b.forEach(thread, size, threads, [&](Value i) {
      Value isThere = b.less(i, parts * mostKept);
      Value place = b.select(isThere, i, b.i32(0));
      Value key = b.load(i64(), atKey(all, b.extend(place)));
      b.store(b.select(isThere, key, b.i64(0)), atKey(shared, i));
    });
    sort(size);

    Value topK = b.min(loadState(offsetof(SamplerState, topK), i32()),
                       std::min(mostKept, shape.vocabulary));
    Value temperature = loadState(offsetof(SamplerState, temperature), f32());
    Value weights = b.at(shared, size * keyBytes);
    Value heated = b.at(weights, mostKept * int64_t(sizeof(double)));
    b.ifThen(b.less(thread, topK), [&] {
      Value highest = getLogit(b.load(i64(), shared));
      Value logit = getLogit(b.load(i64(), atKey(shared, thread)));
      b.store(emitWeight(logit, highest, b.f32(1)), atKey(weights, thread));
      b.store(emitWeight(logit, highest, temperature), atKey(heated, thread));
    });
    b.syncBlock();
    return b.choose(
        b.equal(thread, 0),
        [&]() -> Values {
          Value kept = keepMinP(weights, keepTopP(weights, topK));
          Value chosen = drawOf(heated, kept);
          return {getToken(b.load(i64(), atKey(shared, chosen)))};
        },
        [&]() -> Values { return {b.i32(0)}; })[0];
  }

  Value loadWeight(Value weights, Value i) {
    return b.load(f64(), atKey(weights, i));
  }

  Value addUp(Value weights, Value kept) {
    return b.forEach(0, kept, 1, {constant(0)},
                     [&](Value i, Values sum) -> Values {
                       return {b.addF(sum[0], loadWeight(weights, i))};
                     })[0];
  }

  Value keepTopP(Value weights, Value kept) {
    Value topP = loadState(offsetof(SamplerState, topP), f32());
    return b.choose(
        b.lessF(topP, b.f32(1)),
        [&]() -> Values {
          Value enough = b.mulF(widen(topP), addUp(weights, kept));
          Values seen = b.whileLoop(
              {b.i32(0), constant(0)},
              [&](Values seen) {
                return b.bitOr(
                    b.equal(seen[0], 0),
                    b.bitAnd(b.less(seen[0], kept), b.lessF(seen[1], enough)));
              },
              [&](Values seen) -> Values {
                return {b.add(seen[0], 1),
                        b.addF(seen[1], loadWeight(weights, seen[0]))};
              });
          return {seen[0]};
        },
        [&]() -> Values { return {kept}; })[0];
  }

  Value keepMinP(Value weights, Value kept) {
    Value minP = widen(loadState(offsetof(SamplerState, minP), f32()));
    // A weight behind the last is read, and does not matter.
    return b.whileLoop(
        {b.i32(1)},
        [&](Values seen) {
          Value next = loadWeight(weights, b.min(seen[0], mostKept - 1));
          Value isEnough =
              arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, next, minP);
          return b.bitAnd(b.less(seen[0], kept), isEnough);
        },
        [&](Values seen) -> Values { return {b.add(seen[0], 1)}; })[0];
  }

  /// Random::next of runtime/generate/Sampler.h.
  Value nextRandom() {
    Value place = b.at(state, int64_t(offsetof(SamplerState, random)));
    Value old = b.load(i64(), place);
    b.store(b.add(b.mul(old, b.i64(6364136223846793005)),
                  b.i64(1442695040888963407)),
            place);
    Value shifted = truncate(
        b.shiftRight(b.bitXor(b.shiftRight(old, b.i64(18)), old), b.i64(27)));
    Value rotation = truncate(b.shiftRight(old, b.i64(59)));
    Value back = b.bitAnd(b.sub(0, rotation), 31);
    return b.bitOr(b.shiftRight(shifted, rotation), b.shiftLeft(shifted, back));
  }

  Value drawOf(Value weights, Value kept) {
    Value random = arith::UIToFPOp::create(b, f64(), nextRandom());
    Value total = addUp(weights, kept);
    Value left = b.mulF(b.mulF(random, 0x1p-32), total);
    Values drawn = b.whileLoop(
        {b.i32(0), left},
        [&](Values now) {
          return b.bitAnd(b.less(now[0], kept),
                          b.bitXor(b.lessF(now[1], constant(0)),
                                   b.constant(b.getI1Type(), 1)));
        },
        [&](Values now) -> Values {
          return {b.add(now[0], 1),
                  b.subF(now[1], loadWeight(weights, now[0]))};
        });
    return b.sub(drawn[0], 1);
  }

  /// The slot mapping of a position, 0 where the table has no more.
  Value getMapping(int64_t number, Value sequence, Value position) {
    Value pool = b.at(loadArgument(offsetof(abi::StepArgs, pools), pointer()),
                      number * int64_t(sizeof(abi::PagePool)));
    auto load = [&](size_t field, Type type) {
      return b.load(type, b.at(pool, int64_t(field)));
    };
    Value pages = load(offsetof(abi::PagePool, tablePages), i32());
    Value page = b.divide(position, abi::pagePositions);
    page = b.min(page, b.sub(pages, 1));
    Value place =
        b.add(b.mul(b.extend(sequence), b.extend(pages)), b.extend(page));
    page = b.load(i32(), b.at(load(offsetof(abi::PagePool, table), pointer()),
                              b.mul(place, b.i64(4))));
    return b.add(b.mul(page, abi::pagePositions),
                 b.remainder(position, abi::pagePositions));
  }

  /// Tells the host, and the sampler's state, of a token.
  void tell(Value token) {
    Value steps =
        atNumber(loadChoices(offsetof(TokenChoices, steps), pointer()), row);
    Value step = b.load(i32(), steps);
    b.store(b.add(step, 1), steps);
    Value rows = loadChoices(offsetof(TokenChoices, rows), i32());
    Value tokens = loadChoices(offsetof(TokenChoices, tokens), pointer());
    Value turn = b.remainder(step, abi::choiceSteps);
    b.store(token, atNumber(tokens, b.add(b.mul(turn, rows), row)));

    Value place = b.at(state, int64_t(offsetof(SamplerState, accepted)));
    Value accepted = b.load(i32(), place);
    b.store(b.add(accepted, 1), place);
    Value recent = b.at(state, int64_t(offsetof(SamplerState, recent)));
    b.store(token,
            atNumber(recent, b.remainder(accepted, SamplerState::window)));
  }

  /// Makes the token the row's of the next step.
  void advance(Value token, Value position, ArrayRef<Value> mappings) {
    Value inputs = loadArgument(offsetof(abi::StepArgs, inputs), pointer());
    b.store(token, atNumber(b.load(pointer(), inputs), row));
    b.store(position, placeOf(offsetof(abi::StepArgs, positions)));
    b.store(b.add(position, 1), placeOf(offsetof(abi::StepArgs, ends)));
    Value pools = loadArgument(offsetof(abi::StepArgs, pools), pointer());
    for (auto [i, mapping] : llvm::enumerate(mappings)) {
      Value place = b.at(pools, int64_t(i * sizeof(abi::PagePool) +
                                        offsetof(abi::PagePool, slotMapping)));
      b.store(mapping, atNumber(b.load(pointer(), place), row));
    }
  }

  DeviceBuilder &b;
  const TokenChoiceShape &shape;
  const TokenChoiceArguments &arguments;
  unsigned threads;
  Value thread, row, count, state;
};
} // namespace

void quipu::gpu::emitChoose(DeviceBuilder &builder,
                            const TokenChoiceShape &shape,
                            const TokenChoiceArguments &arguments) {
  TokenChoiceEmitter(builder, shape, arguments, chooseThreads).emitChoose();
}

void quipu::gpu::emitAdvance(DeviceBuilder &builder,
                             const TokenChoiceShape &shape,
                             const TokenChoiceArguments &arguments) {
  TokenChoiceEmitter(builder, shape, arguments, advanceThreads).emitAdvance();
}
