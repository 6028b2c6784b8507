//===- Lifetimes.cpp - How long the values of a step are needed -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Lifetimes.h"
#include "compiler/transforms/CarriedValues.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;

static bool isOutput(Value value) {
  return llvm::any_of(value.getUsers(), llvm::IsaPred<OutputOp>);
}

/// The outputs go where the caller wants them.
static bool isInArena(Value value) {
  return isa<RankedTensorType>(value.getType()) &&
         !isa_and_nonnull<InputOp>(value.getDefiningOp()) && !isOutput(value);
}

Lifetimes::Lifetimes(StepOp step) {
  number(step.getBody().front());
  step.walk([&](LaunchOp launch) {
    for (Value result : launch.getResults())
      if (isInArena(result))
        addUse(result, launch, launch);
  });
  step.walk([&](LayersOp layers) {
    for (Block *layer : layers.getBlocks())
      for (Value other : {Value(layer->getArgument(0)), getYielded(layer)})
        addAlias(layers.getInit(), other);
    addAlias(layers.getInit(), layers.getResult());
  });
  step.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (isInArena(operand))
        addUse(operand, op, op);
  });
}

void Lifetimes::number(Block &block) {
  for (Operation &op : block) {
    int64_t first = numbers.size();
    numbers[&op] = first;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        number(inner);
  }
}

Value Lifetimes::getLeader(Value value) const {
  auto leader = aliases.findLeader(value.getAsOpaquePointer());
  return leader == aliases.member_end() ? value
                                        : Value::getFromOpaquePointer(*leader);
}

SmallVector<const Lifetime *> Lifetimes::get() const {
  SmallVector<const Lifetime *> all;
  for (const auto &entry : lifetimes)
    all.push_back(&entry.second);
  return all;
}

const Lifetime *Lifetimes::find(Value value) const {
  const auto *found = lifetimes.find(getLeader(value));
  return isInArena(value) && found != lifetimes.end() ? &found->second
                                                      : nullptr;
}

void Lifetimes::addAlias(Value value, Value other) {
  Value before = getLeader(other), leader = getLeader(value);
  aliases.unionSets(leader.getAsOpaquePointer(), before.getAsOpaquePointer());
  Value now = getLeader(value);
  for (Value old : {before, leader})
    if (old != now)
      if (auto *it = lifetimes.find(old); it != lifetimes.end()) {
        Lifetime merged = it->second;
        lifetimes.erase(it);
        extend(now, merged);
      }
}

void Lifetimes::extend(Value leader, Lifetime more) {
  auto [it, isNew] = lifetimes.insert({leader, more});
  it->second.begin = std::min(it->second.begin, more.begin);
  it->second.end = std::max(it->second.end, more.end);
}

/// `value` lives from `first` to `last`; when it comes from outside a loop,
/// to the loop's end.
void Lifetimes::addUse(Value value, Operation *first, Operation *last) {
  while (last->getBlock() != value.getParentBlock() &&
         last->getParentOp() != value.getParentBlock()->getParentOp())
    last = last->getParentOp();
  int64_t end = numbers[last];
  last->walk([&](Operation *op) { end = std::max(end, numbers[op]); });
  extend(getLeader(value),
         {std::min(numbers[first], numbers[last]), end,
          getArenaBytes(cast<RankedTensorType>(value.getType()))});
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

namespace {
/// A launch's result, from its offset in the arena on.
struct PlacedResult {
  LaunchOp launch;
  const Lifetime *lifetime;
  int64_t offset;

  bool overlaps(const PlacedResult &other) const {
    return offset < other.offset + other.lifetime->bytes &&
           other.offset < offset + lifetime->bytes;
  }
};
} // namespace

/// That `later` may be where it is beside `earlier`.
static LogicalResult verifyPair(PlacedResult later, PlacedResult earlier) {
  bool isSame = later.lifetime == earlier.lifetime;
  if (isSame ? later.offset == earlier.offset
             : !later.lifetime->meets(*earlier.lifetime) ||
                   !later.overlaps(earlier))
    return success();
  auto error = later.launch.emitOpError("of ") << later.launch.getKernelAttr();
  if (isSame)
    error << " writes to " << later.offset << " in the arena what is one value "
          << "with what " << earlier.launch.getKernelAttr() << " writes to "
          << earlier.offset << ", as layers hand it on";
  else
    error << " overwrites what " << earlier.launch.getKernelAttr()
          << " writes, which is still needed then";
  error << "; run plan-memory first";
  error.attachNote(earlier.launch.getLoc())
      << earlier.launch.getKernelAttr() << " is launched here";
  return failure();
}

LogicalResult quipu::verifyArena(StepOp step) {
  if (failed(verifyCarriedValues(step)))
    return failure();
  Lifetimes lifetimes(step);
  SmallVector<PlacedResult> placed;
  auto result = step.walk([&](LaunchOp launch) {
    for (auto [result, offset] :
         llvm::zip_equal(launch.getResults(), *launch.getArena())) {
      const Lifetime *lifetime = lifetimes.find(result);
      if ((offset < 0) == bool(lifetime))
        return WalkResult(launch.emitOpError("of ")
                          << launch.getKernelAttr()
                          << (lifetime ? " has no offset in the arena"
                                       : " has an offset in the arena for what "
                                         "is an output or a cache")
                          << "; run plan-memory first");
      if (!lifetime)
        continue;
      PlacedResult now{launch, lifetime, offset};
      for (const PlacedResult &earlier : placed)
        if (failed(verifyPair(now, earlier)))
          return WalkResult::interrupt();
      placed.push_back(now);
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
