//===- LowerTopK.cpp - The choice of experts on a GPU ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp has a token. Its lanes share the experts, and find the one behind the
// last that they have found, as often as experts are chosen. What is ranked is
// a score as a whole number in the same order, and of equal scores the number
// of the expert, or of the group.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
/// An expert or a group of them, i32 both.
struct Ranked {
  Value score, number;
};

struct TopKLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final;

private:
  static constexpr int32_t lowest = INT32_MIN, highest = INT32_MAX;
  static constexpr int64_t warps = rowThreads / 32;

  void emitToken(Value token);
  Value rank(Value score);
  Value isBefore(const Ranked &one, const Ranked &other);
  /// The first behind `last` of `count` that are there, by numbers that the
  /// lanes share.
  Ranked findNext(const Ranked &last, int64_t count,
                  function_ref<Value(Value)> getScore);
  /// The score of an expert by which it is chosen, f32.
  Value getScore(Value token, Value expert);
  void rankGroups(Value token);

  TopKOp op;
  std::optional<Elements> elements;
  Value lane, groupsAt; // of the warp, in shared memory: i32 [groups]
  int64_t experts = 0, count = 0, groups = 1, kept = 1;
};
} // namespace

/// In the same order; what is no number is as low as minus infinity.
Value TopKLowering::rank(Value score) {
  Value isNumber =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, score, score);
  // Minus zero is zero.
  Value number = b.addF(
      b.select(isNumber, score, -std::numeric_limits<float>::infinity()), 0.0);
  Value bits = b.bitcast(number, b.getI32Type());
  return b.select(b.less(bits, 0), b.bitXor(bits, 0x7fffffff), bits);
}

Value TopKLowering::isBefore(const Ranked &one, const Ranked &other) {
  return b.bitOr(b.less(other.score, one.score),
                 b.bitAnd(b.equal(one.score, other.score),
                          b.less(one.number, other.number)));
}

Ranked TopKLowering::findNext(const Ranked &last, int64_t count,
                              function_ref<Value(Value)> getScore) {
  auto better = [&](const Ranked &one, const Ranked &other) {
    Value isFirst = isBefore(one, other);
    return Ranked{b.select(isFirst, one.score, other.score),
                  b.select(isFirst, one.number, other.number)};
  };
  Values found =
      b.forEach(lane, count, 32, {b.i32(lowest), b.i32(count)},
                [&](Value number, Values best) {
                  Ranked here{getScore(number), number};
                  Ranked next = better(here, {best[0], best[1]});
                  Value isBehind = isBefore(last, here);
                  return Values{b.select(isBehind, next.score, best[0]),
                                b.select(isBehind, next.number, best[1])};
                });
  Ranked best{found[0], found[1]};
  for (unsigned mask = 16; mask; mask /= 2)
    best = better(best, {b.shuffleXor(best.score, mask),
                         b.shuffleXor(best.number, mask)});
  return best;
}

Value TopKLowering::getScore(Value token, Value expert) {
  Value score = elements->get(op.getScores(), token, expert);
  return op.getBias()
             ? b.addF(score, elements->getWeight(*op.getBias(), expert))
             : score;
}

/// Ranks of the groups, by the highest score or the sum of the two highest.
void TopKLowering::rankGroups(Value token) {
  int64_t size = experts / groups;
  Value none = b.f32(-std::numeric_limits<float>::infinity());
  b.forEach(0, groups, 1, [&](Value group) {
    Values highest =
        b.forEach(lane, size, 32, {none, none}, [&](Value i, Values best) {
          Value score = getScore(token, b.add(b.mul(group, size), i));
          // The number where one is none.
          Value number = b.maxF(score, none);
          return Values{b.maxF(best[0], number),
                        b.maxF(best[1], b.minF(best[0], number))};
        });
    Value first = highest[0], second = highest[1];
    for (unsigned mask = 16; mask; mask /= 2) {
      Value otherFirst = b.shuffleXor(first, mask),
            otherSecond = b.shuffleXor(second, mask);
      second = b.maxF(b.minF(first, otherFirst), b.maxF(second, otherSecond));
      first = b.maxF(first, otherFirst);
    }
    Value sum = std::min(size, op.getScoresOfGroup()) > 1
                    ? b.addF(first, second)
                    : first;
    b.ifThen(b.equal(lane, 0),
             [&] { b.store(rank(sum), b.at(groupsAt, b.mul(group, 4))); });
  });
  b.syncWarp();
}

void TopKLowering::emitToken(Value token) {
  Ranked lastGroup{b.i32(highest), b.i32(-1)}; // where all are kept
  auto getGroup = [&](Value group) {
    return b.load(b.getI32Type(), b.at(groupsAt, b.mul(group, 4)));
  };
  if (kept < groups) {
    rankGroups(token);
    for (int64_t i = 0; i < kept; ++i)
      lastGroup = findNext(lastGroup, groups, getGroup);
  }
  auto getPlace = [&](unsigned result, Value index) {
    auto type = cast<RankedTensorType>(kernel.getResultTypes()[result]);
    return getRows(type).getPlace(b, getResult(result), token, index);
  };
  Value isFirst = b.equal(lane, 0);
  Values last = b.forEach(
      0, count, 1, {b.i32(highest), b.i32(-1), b.f32(1e-20)},
      [&](Value i, Values last) {
        Ranked next = findNext({last[0], last[1]}, experts, [&](Value expert) {
          Value score = rank(getScore(token, expert));
          if (kept == groups)
            return score;
          Value group = b.divide(expert, experts / groups);
          // None of those that are left out is found.
          return b.select(isBefore(lastGroup, {getGroup(group), group}),
                          b.i32(lowest), score);
        });
        Value weight = elements->get(op.getScores(), token, next.number);
        b.ifThen(isFirst, [&] {
          b.store(next.number, getPlace(0, i));
          b.store(weight, getPlace(1, i));
        });
        return Values{next.score, next.number, b.addF(last[2], weight)};
      });
  if (op.isNormalized())
    b.ifThen(isFirst, [&] {
      b.forEach(0, count, 1, [&](Value i) {
        Value place = getPlace(1, i);
        b.store(b.divideF(b.load(b.getF32Type(), place), last[2]), place);
      });
    });
}

LogicalResult TopKLowering::emit() {
  op = cast<TopKOp>(kernel.getBody().front().front());
  auto getSize = [](Attribute size, int64_t otherwise) {
    auto number = dyn_cast_or_null<IntegerAttr>(size);
    return number ? number.getInt() : otherwise;
  };
  experts = cast<RankedTensorType>(op.getScores().getType()).getDimSize(1);
  count = getSize(op.getCount(), 1);
  groups = getSize(op.getGroupsAttr(), 1);
  kept = getSize(op.getKeptAttr(), groups);
  return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
    Value thread = b.getThread(), warp = b.divide(thread, 32);
    Value token = b.add(b.mul(b.getBlock(), warps), warp);
    lane = b.remainder(thread, 32);
    groupsAt = b.at(b.getSharedMemory(), b.mul(warp, groups * 4));
    Value tokens = getCount();
    b.waitForKernelBefore();
    elements.emplace(*this);
    b.ifThen(b.less(token, tokens), [&] { emitToken(token); });
    return Launch{
        {static_cast<int64_t>(llvm::divideCeil(getKernelTokens(kernel), warps)),
         1, 1},
        kept < groups ? warps * groups * 4 : 0};
  });
}

std::unique_ptr<KernelLowering>
quipu::gpu::createTopKLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device) {
  return std::make_unique<TopKLowering>(kernel, gpu, device);
}
