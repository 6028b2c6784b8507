//===- PlanMemory.cpp - Gives results their place in memory ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CarriedValues.h"
#include "compiler/transforms/Passes.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// Bytes of the arena and the ops, by number, between which they are needed.
struct Interval {
  int64_t begin, end, bytes, offset = -1;

  bool meets(const Interval &other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// One step's values. What a layer loop begins with, hands on and returns is
/// one value in the arena.
class Plan {
public:
  explicit Plan(StepOp step) {
    number(step.getBody().front());
    step.walk([&](LaunchOp launch) {
      for (Value result : launch.getResults())
        if (isInArena(result))
          addUse(result, launch, launch);
    });
    step.walk([&](LayersOp layers) {
      for (Value other : {Value(layers.getBody().getArgument(0)),
                          getYielded(layers), layers.getResult()})
        addAlias(layers.getInit(), other);
    });
    step.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (isInArena(operand))
          addUse(operand, op, op);
    });
  }

  /// Reports a layer loop that overwrites what is still read.
  LogicalResult checkLoops(StepOp step) {
    auto result = step.walk([&](LayersOp layers) {
      StringRef late =
          readsInputLate(layers)
              ? "the input of a layer is still read when its output is written"
          : readsInitLate(layers)
              ? "what the layers begin with is still read after the first"
              : "";
      if (!late.empty())
        return WalkResult(layers.emitOpError(late)
                          << "; run insert-copies first");
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// First fit, largest first; returns the bytes of the arena.
  int64_t assign() {
    SmallVector<Interval *> order;
    for (auto &entry : intervals)
      order.push_back(&entry.second);
    llvm::sort(order, [](const Interval *a, const Interval *b) {
      return std::tie(b->bytes, a->begin, a->end) <
             std::tie(a->bytes, b->begin, b->end);
    });
    int64_t total = 0;
    for (Interval *interval : order) {
      interval->offset = findGap(*interval, order);
      total = std::max(total, interval->offset + interval->bytes);
    }
    return total;
  }

  int64_t getOffset(Value value) {
    return isInArena(value) ? intervals[getLeader(value)].offset : -1;
  }

private:
  /// The logits go where the caller wants them.
  static bool isInArena(Value value) {
    return isa<RankedTensorType>(value.getType()) &&
           !isa_and_nonnull<InputOp>(value.getDefiningOp()) &&
           llvm::none_of(value.getUsers(), llvm::IsaPred<OutputOp>);
  }

  void number(Block &block) {
    for (Operation &op : block) {
      int64_t first = numbers.size();
      numbers[&op] = first;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          number(inner);
    }
  }

  Value getLeader(Value value) {
    auto leader = aliases.findLeader(value.getAsOpaquePointer());
    return leader == aliases.member_end()
               ? value
               : Value::getFromOpaquePointer(*leader);
  }

  void addAlias(Value value, Value other) {
    Value before = getLeader(other), leader = getLeader(value);
    aliases.unionSets(leader.getAsOpaquePointer(), before.getAsOpaquePointer());
    Value now = getLeader(value);
    for (Value old : {before, leader})
      if (old != now)
        if (auto it = intervals.find(old); it != intervals.end()) {
          Interval merged = it->second;
          intervals.erase(it);
          extend(now, merged);
        }
  }

  void extend(Value leader, Interval more) {
    auto [it, isNew] = intervals.insert({leader, more});
    it->second.begin = std::min(it->second.begin, more.begin);
    it->second.end = std::max(it->second.end, more.end);
  }

  /// `value` lives from `first` to `last`; when it comes from outside a loop,
  /// to the loop's end.
  void addUse(Value value, Operation *first, Operation *last) {
    while (last->getBlock() != value.getParentBlock() &&
           last->getParentOp() != value.getParentBlock()->getParentOp())
      last = last->getParentOp();
    int64_t end = numbers[last];
    last->walk([&](Operation *op) { end = std::max(end, numbers[op]); });
    extend(getLeader(value),
           {std::min(numbers[first], numbers[last]), end,
            getArenaBytes(cast<RankedTensorType>(value.getType()))});
  }

  static int64_t findGap(const Interval &interval,
                         ArrayRef<Interval *> placed) {
    int64_t offset = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (Interval *other : placed)
        if (other != &interval && other->offset >= 0 &&
            other->meets(interval) && offset < other->offset + other->bytes &&
            other->offset < offset + interval.bytes) {
          offset = other->offset + other->bytes;
          moved = true;
        }
    }
    return offset;
  }

  DenseMap<Operation *, int64_t> numbers;
  llvm::EquivalenceClasses<const void *> aliases;
  llvm::MapVector<Value, Interval> intervals;
};

struct PlanMemory : quipu::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    getOperation().walk([&](StepOp step) {
      Plan plan(step);
      if (failed(plan.checkLoops(step)))
        return signalPassFailure();
      step.setArena(plan.assign());
      step.walk([&](LaunchOp launch) {
        launch.setArena(
            llvm::map_to_vector(launch.getResults(), [&](Value result) {
              return plan.getOffset(result);
            }));
      });
    });
  }
};
} // namespace
