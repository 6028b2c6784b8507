//===- TokenChoice.cpp - Functions that choose the next tokens ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/TokenChoice.h"
#include "abi/Abi.h"
#include "abi/TokenChoice.h"
#include "compiler/codegen/gpu/TokenKeys.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;
using abi::SamplerState;
using abi::TokenChoices;

/// Weights of what is kept stand behind the keys in shared memory.
static constexpr int64_t weightsPlace = TokenKeys::end;
static constexpr unsigned chooseThreads = 256, advanceThreads = 512;
static constexpr int64_t keyBytes = TokenKeys::bytes,
                         mostKept = TokenKeys::mostKept;
/// Keys that a thread of `advance` has at most.
static constexpr int64_t mostThreadKeys = 32;

int64_t TokenChoiceShape::parts() const {
  return llvm::divideCeil(vocabulary, abi::choicePart);
}

static int64_t getThreadKeys(const TokenChoiceShape &shape) {
  return static_cast<int64_t>(
      llvm::divideCeil(shape.parts() * mostKept, advanceThreads));
}

bool TokenChoiceShape::fits() const {
  return getThreadKeys(*this) <= mostThreadKeys;
}

TokenChoiceLaunch quipu::gpu::getChoose(const TokenChoiceShape &) {
  return {chooseThreads, /*blocks=*/6, TokenKeys::sorted};
}

TokenChoiceLaunch quipu::gpu::getAdvance(const TokenChoiceShape &) {
  return {advanceThreads, /*blocks=*/1,
          weightsPlace + 2 * mostKept * int64_t(sizeof(double))};
}

namespace {
class TokenChoiceEmitter {
public:
  TokenChoiceEmitter(DeviceBuilder &builder, const TokenChoiceShape &shape,
                     const TokenChoiceArguments &arguments, unsigned threads)
      : b(builder), shape(shape), arguments(arguments), threads(threads),
        keyed(builder, threads) {}

  void emitChoose() {
    b.launchKernelAfter();
    loadRow();
    Value part = b.getBlock();
    // All that is of the step before, or never changes.
    Value penalty = loadState(offsetof(SamplerState, repeatPenalty), f32());
    Value isSampled = loadIsSampled();
    Value outputs = loadArgument(offsetof(abi::StepArgs, outputs), pointer());
    Value logits = b.load(pointer(), b.at(outputs, b.mul(arguments.output, 8)));
    logits = b.at(logits, b.mul(b.extend(row), b.i64(shape.rowBytes)));
    Value place = getCandidates(part);
    b.waitForKernelBefore();
    b.ifThen(b.less(row, count), [&] {
      Value begin = b.mul(part, abi::choicePart);
      b.ifThen(isNotOne(penalty), [&] {
        penalise(logits, begin, penalty);
        b.syncBlock();
      });
      Values keys;
      for (int64_t i = 0; i < abi::choicePart; i += threads)
        keys.push_back(loadKey(logits, b.add(begin, b.add(thread, i))));
      b.ifElse(
          isSampled,
          [&] {
            keyed.keepGreatest(keys);
            b.ifThen(b.less(thread, mostKept), [&] {
              Value key = b.load(
                  i64(), keyed.at(keyed.shared(TokenKeys::list), thread));
              b.store(key, keyed.at(place, b.extend(thread)));
            });
          },
          [&] {
            Value highest = keyed.reduceBlock(keys);
            b.ifThen(b.equal(thread, 0), [&] { b.store(highest, place); });
          });
    });
  }

  void emitAdvance() {
    b.launchKernelAfter();
    loadRow();
    // All that is of the step before, or never changes: later it would be
    // waited for once more.
    Value isSampled = loadIsSampled();
    Value candidates = getCandidates(b.i32(0));
    loadTold();
    loadNext();
    b.waitForKernelBefore();
    b.ifThen(b.less(row, count), [&] {
      Value token = b.choose(
          isSampled, [&]() -> Values { return {draw(candidates)}; },
          [&]() -> Values {
            return {keyed.getToken(getHighest(candidates))};
          })[0];
      b.ifThen(b.equal(thread, 0), [&] {
        for (Value place : tokenPlaces)
          b.store(token, place);
        for (auto [number, place] : next)
          b.store(number, place);
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

  /// Of a token's logit; 0 behind the last one.
  Value loadKey(Value logits, Value token) {
    Value last = b.i32(shape.vocabulary - 1);
    Value logit = b.load(f32(), atNumber(logits, b.min(token, last)));
    return b.select(b.less(last, token), b.i64(0), keyed.get(logit, token));
  }

  /// Where `choose` leaves the candidates of a part.
  Value getCandidates(Value part) {
    Value candidates =
        loadChoices(offsetof(TokenChoices, candidates), pointer());
    Value number = b.add(b.mul(row, shape.parts()), part);
    return b.at(candidates,
                b.mul(b.extend(number), b.i64(mostKept * keyBytes)));
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

  //===--------------------------------------------------------------------===//
  // advance
  //===--------------------------------------------------------------------===//

  Value getHighest(Value candidates) {
    Values keys;
    for (int64_t i = 0; i < shape.parts(); i += threads) {
      Value part = b.add(thread, i);
      Value isThere = b.less(part, shape.parts());
      Value place = b.mul(b.extend(b.min(part, shape.parts() - 1)),
                          b.i64(mostKept * keyBytes));
      Value key = b.load(i64(), b.at(candidates, place));
      keys.push_back(b.select(isThere, key, b.i64(0)));
    }
    return keyed.reduceBlock(keys);
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
  Value draw(Value candidates) {
    Values keys;
    int64_t size = shape.parts() * mostKept;
    for (int64_t i = 0; i < size; i += threads) {
      Value number = b.add(thread, i);
      Value isThere = b.less(number, size);
      Value place = b.extend(b.min(number, size - 1));
      Value key = b.load(i64(), keyed.at(candidates, place));
      keys.push_back(b.select(isThere, key, b.i64(0)));
    }
    keyed.keepGreatest(keys);
    keyed.sort();

    Value topK = b.min(loadState(offsetof(SamplerState, topK), i32()),
                       std::min(mostKept, shape.vocabulary));
    Value temperature = loadState(offsetof(SamplerState, temperature), f32());
    Value sorted = keyed.shared(TokenKeys::sorted),
          weights = keyed.shared(weightsPlace),
          heated = b.at(weights, mostKept * int64_t(sizeof(double)));
    b.ifThen(b.less(thread, topK), [&] {
      Value highest = keyed.getLogit(b.load(i64(), sorted));
      Value logit = keyed.getLogit(b.load(i64(), keyed.at(sorted, thread)));
      b.store(emitWeight(logit, highest, b.f32(1)), keyed.at(weights, thread));
      b.store(emitWeight(logit, highest, temperature),
              keyed.at(heated, thread));
    });
    b.syncBlock();
    return b.choose(
        b.equal(thread, 0),
        [&]() -> Values {
          Value kept = keepMinP(weights, keepTopP(weights, topK));
          Value chosen = drawOf(heated, kept);
          return {keyed.getToken(b.load(i64(), keyed.at(sorted, chosen)))};
        },
        [&]() -> Values { return {b.i32(0)}; })[0];
  }

  Value loadWeight(Value weights, Value i) {
    return b.load(f64(), keyed.at(weights, i));
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
    auto truncate = [&](Value number) -> Value {
      return arith::TruncIOp::create(b, i32(), number);
    };
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

  /// Finds where the token is told to the host, to the sampler's state and to
  /// the next step.
  void loadTold() {
    Value steps =
        atNumber(loadChoices(offsetof(TokenChoices, steps), pointer()), row);
    Value step = b.load(i32(), steps);
    Value rows = loadChoices(offsetof(TokenChoices, rows), i32());
    Value tokens = loadChoices(offsetof(TokenChoices, tokens), pointer());
    Value turn = b.remainder(step, abi::choiceSteps);
    tokenPlaces.push_back(atNumber(tokens, b.add(b.mul(turn, rows), row)));
    next.push_back({b.add(step, 1), steps});

    Value place = b.at(state, int64_t(offsetof(SamplerState, accepted)));
    Value accepted = b.load(i32(), place);
    Value recent = b.at(state, int64_t(offsetof(SamplerState, recent)));
    tokenPlaces.push_back(
        atNumber(recent, b.remainder(accepted, SamplerState::window)));
    next.push_back({b.add(accepted, 1), place});

    Value inputs = loadArgument(offsetof(abi::StepArgs, inputs), pointer());
    tokenPlaces.push_back(atNumber(b.load(pointer(), inputs), row));
  }

  /// The row's place in the next step.
  void loadNext() {
    Value positions = placeOf(offsetof(abi::StepArgs, positions));
    Value sequence = b.load(i32(), placeOf(offsetof(abi::StepArgs, sequences)));
    Value position = b.add(b.load(i32(), positions), 1);
    next.push_back({position, positions});
    for (size_t field :
         {offsetof(abi::StepArgs, ends), offsetof(abi::StepArgs, lengths)})
      next.push_back({b.add(position, 1), placeOf(field)});
    Value inputs = loadArgument(offsetof(abi::StepArgs, inputs), pointer());
    for (int64_t i = 0; i < shape.axes; ++i) {
      Value place =
          atNumber(b.load(pointer(), b.at(inputs, (shape.firstAxis + i) *
                                                      int64_t(sizeof(void *)))),
                   row);
      next.push_back({b.add(b.load(i32(), place), 1), place});
    }
    Value pools = loadArgument(offsetof(abi::StepArgs, pools), pointer());
    for (int64_t i = 0; i < shape.pools; ++i) {
      Value place =
          b.at(pools, i * int64_t(sizeof(abi::PagePool)) +
                          int64_t(offsetof(abi::PagePool, slotMapping)));
      next.push_back({getMapping(i, sequence, position),
                      atNumber(b.load(pointer(), place), row)});
    }
  }

  DeviceBuilder &b;
  const TokenChoiceShape &shape;
  const TokenChoiceArguments &arguments;
  unsigned threads;
  TokenKeys keyed;
  Value thread, row, count, state;
  // Of `advance`: where the token goes, and numbers for the next step.
  Values tokenPlaces;
  SmallVector<std::pair<Value, Value>> next;
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
