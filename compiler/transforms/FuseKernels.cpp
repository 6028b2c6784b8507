//===- FuseKernels.cpp - Groups ops that run without a barrier ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/KernelGroup.h"
#include "compiler/transforms/Passes.h"
#include "dialect/Targets.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_FUSEKERNELS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// The groups of one block's ops.
class Grouping {
public:
  Grouping(Block &block, int64_t tokens, ArrayRef<Attribute> targets)
      : tokens(tokens) {
    llvm::append_range(this->targets,
                       llvm::map_range(targets, [](Attribute target) {
                         return cast<TargetAttrInterface>(target);
                       }));
    bool eachOp = llvm::any_of(this->targets, [](TargetAttrInterface target) {
      return target.keepsOpsApart();
    });
    do
      group(block, eachOp);
    while (cutSharedValue());
    if (tokens == 1 && !eachOp)
      repeatRowGroups();
  }

  ArrayRef<std::unique_ptr<KernelGroup>> getGroups() const { return groups; }

private:
  void group(Block &block, bool eachOp) {
    groups.clear();
    groupOf.clear();
    for (Operation &op : block) {
      auto fusing = dyn_cast<FusionInterface>(op);
      if (!fusing)
        continue;
      KernelGroup *group = eachOp ? nullptr : findGroup(fusing);
      if (!group)
        group = groups.emplace_back(std::make_unique<KernelGroup>()).get();
      group->add(fusing);
      groupOf[&op] = group;
    }
  }

  /// Whether what chooses the matrices of two contractions, if anything does,
  /// is the same.
  static bool chooseAlike(Operation *op, Operation *other) {
    auto linear = dyn_cast<LinearOp>(op), another = dyn_cast<LinearOp>(other);
    return !linear || !another ||
           (linear.getIds() == another.getIds() &&
            linear.getOfHeads() == another.getOfHeads());
  }

  KernelGroup *getGroup(Value value) const {
    return groupOf.lookup(value.getDefiningOp());
  }

  /// The last group that `op` reads from, or null.
  KernelGroup *getLastProducer(Operation *op) const {
    KernelGroup *last = nullptr;
    for (auto &group : groups)
      if (llvm::any_of(op->getOperands(), [&](Value operand) {
            return getGroup(operand) == group.get();
          }))
        last = group.get();
    return last;
  }

  /// The group that `op` joins, or null when it begins one.
  KernelGroup *findGroup(FusionInterface op) const {
    FusionRole role = op.getFusionRole();
    // A gather is for other rows than what it reads.
    if (role == FusionRole::Whole || isa<GatherOp>(op))
      return nullptr;
    if (role == FusionRole::Contraction) {
      for (auto &group : groups)
        if (group->getRole() == FusionRole::Contraction &&
            group->getInput() == op->getOperand(0) &&
            chooseAlike(group->getOps()[0], op))
          return group.get();
      return nullptr;
    }
    KernelGroup *producer = getLastProducer(op);
    if (!producer)
      return nullptr;
    if (producer->getRole() == FusionRole::Whole)
      return roundsAttention(op) ? producer : nullptr;
    if (!canWriteCache(op, *producer))
      return nullptr;
    // Without a contraction each token is computed by one worker, with all of
    // its row; with one, the tiles of a row are divided.
    if (producer->getRole() != FusionRole::Contraction)
      return producer;
    bool readsCut = llvm::any_of(op->getOperands(), [&](Value operand) {
      return cut.contains(operand) && getGroup(operand) == producer;
    });
    bool joins = llvm::all_of(targets, [&](TargetAttrInterface target) {
      return target.joinsLinear(op, tokens);
    });
    if (!joins)
      return findReader(op, *producer);
    return readsCut ? nullptr : producer;
  }

  /// A kernel writes one cache.
  static bool canWriteCache(Operation *op, const KernelGroup &group) {
    return !isa<CacheWriteOp>(op) ||
           llvm::none_of(group.getOps(), llvm::IsaPred<CacheWriteOp>);
  }

  /// A group that has begun with what `producer`, with a contraction, gives, as
  /// `op` would: queries and keys are rotated by one kernel, if not by the
  /// linear layers'. Norms of rows stay apart, for what reads them.
  KernelGroup *findReader(FusionInterface op,
                          const KernelGroup &producer) const {
    if (op.getFusionRole() != FusionRole::Tile)
      return nullptr;
    for (auto &group : groups)
      if (group->isOnly(FusionRole::Tile) &&
          getLastProducer(group->getOps().front()) == &producer &&
          canWriteCache(op, *group))
        return group.get();
    return nullptr;
  }

  /// Whether `op` rounds what attention computes, in its kernel.
  bool roundsAttention(Operation *op) const {
    auto rounding = dyn_cast<QuantizeOp>(op);
    return rounding && rounding.getInput().getDefiningOp<AttentionOp>() &&
           rounding.getInput().hasOneUse() &&
           llvm::all_of(targets, [](TargetAttrInterface target) {
             return target.roundsAttention();
           });
  }

  /// What a linear layer computes goes to one result of its kernel, or it would
  /// be computed again for the next. So the first value that several read, for
  /// several results, is to be read by other kernels only. False if there is
  /// no such value left.
  bool cutSharedValue() {
    for (auto &group : groups)
      if (group->getRole() == FusionRole::Contraction)
        for (Operation *op : group->getOps())
          if (isa<LinearOp>(op) && countResults(op, *group) > 1)
            return cut.insert(findSharedValue(op)).second;
    return false;
  }

  /// How many results of the group need what `op` computes.
  unsigned countResults(Operation *op, const KernelGroup &group) const {
    SetVector<Operation *> reached;
    reached.insert(op);
    unsigned results = 0;
    for (unsigned i = 0; i < reached.size(); ++i) {
      bool isResult = reached[i]->use_empty();
      for (Operation *user : reached[i]->getUsers())
        if (groupOf.lookup(user) == &group)
          reached.insert(user);
        else
          isResult = true;
      results += isResult;
    }
    return results;
  }

  /// The first of `op`'s result and what is computed from it alone that two
  /// read.
  static Value findSharedValue(Operation *op) {
    Value value = op->getResult(0);
    while (llvm::hasSingleElement(llvm::SmallPtrSet<Operation *, 4>(
        value.user_begin(), value.user_end())))
      value = (*value.user_begin())->getResult(0);
    return value;
  }

  /// Moves groups of row ops into the kernels whose linear layers read them. Of
  /// experts each would compute a row that they share again.
  void repeatRowGroups() {
    SmallVector<std::unique_ptr<KernelGroup>> kept;
    for (auto &group : groups) {
      SetVector<KernelGroup *> readers;
      bool repeats = group->isOnly(FusionRole::Row);
      for (Operation *op : group->getOps())
        for (Operation *user : op->getUsers()) {
          KernelGroup *reader = groupOf.lookup(user);
          if (reader == group.get())
            continue;
          auto linear = dyn_cast<LinearOp>(user);
          repeats &= linear && (!linear.getIds() || linear.hasRowPerChoice());
          readers.insert(reader);
        }
      if (!repeats || readers.empty()) {
        kept.push_back(std::move(group));
        continue;
      }
      for (KernelGroup *reader : readers)
        reader->addPrologue(*group);
    }
    groups = std::move(kept);
  }

  int64_t tokens; // of the step
  SmallVector<TargetAttrInterface> targets;
  SmallVector<std::unique_ptr<KernelGroup>> groups;
  DenseMap<Operation *, KernelGroup *> groupOf;
  DenseSet<Value> cut; // of linear layers, read by other kernels only
};

struct FuseKernels : quipu::impl::FuseKernelsBase<FuseKernels> {
  void runOnOperation() override {
    SmallVector<Attribute> targets = getTargets(getOperation());
    getOperation().walk([&](ModelOp model) {
      SymbolTable symbols(model);
      for (StepOp step : llvm::make_early_inc_range(model.getOps<StepOp>()))
        step.walk([&](Block *block) {
          Grouping grouping(*block, step.getTokens(), targets);
          for (auto &group : grouping.getGroups())
            group->outline(step, symbols);
          for (Operation &op :
               llvm::make_early_inc_range(llvm::reverse(*block)))
            if (isa<FusionInterface>(op))
              op.erase();
          sortTopologically(block);
        });
    });
  }
};
} // namespace
