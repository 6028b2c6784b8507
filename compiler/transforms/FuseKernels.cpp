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
  Grouping(Block &block, bool eachOp, bool repeatPrologues) {
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
    if (repeatPrologues && !eachOp)
      repeatRowGroups();
  }

  ArrayRef<std::unique_ptr<KernelGroup>> getGroups() const { return groups; }

private:
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
    switch (op.getFusionRole()) {
    case FusionRole::Whole:
      return nullptr;
    case FusionRole::Contraction:
      for (auto &group : groups)
        if (group->getRole() == FusionRole::Contraction &&
            group->getInput() == op->getOperand(0))
          return group.get();
      return nullptr;
    case FusionRole::Tile:
    case FusionRole::Row: {
      KernelGroup *producer = getLastProducer(op);
      bool rows = op.getFusionRole() == FusionRole::Row;
      FusionRole expected = rows ? FusionRole::Row : FusionRole::Contraction;
      return producer && producer->getRole() == expected ? producer : nullptr;
    }
    }
    llvm_unreachable("an unknown role");
  }

  /// Moves groups of row ops into the kernels that read them.
  void repeatRowGroups() {
    SmallVector<std::unique_ptr<KernelGroup>> kept;
    for (auto &group : groups) {
      SetVector<KernelGroup *> readers;
      bool repeats = group->getRole() == FusionRole::Row;
      for (Operation *op : group->getOps())
        for (Operation *user : op->getUsers()) {
          KernelGroup *reader = groupOf.lookup(user);
          if (reader == group.get())
            continue;
          repeats &= reader && reader->getRole() == FusionRole::Contraction;
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

  SmallVector<std::unique_ptr<KernelGroup>> groups;
  DenseMap<Operation *, KernelGroup *> groupOf;
};

struct FuseKernels : quipu::impl::FuseKernelsBase<FuseKernels> {
  void runOnOperation() override {
    bool eachOp = isForReference(getOperation());
    getOperation().walk([&](ModelOp model) {
      SymbolTable symbols(model);
      for (StepOp step : llvm::make_early_inc_range(model.getOps<StepOp>()))
        step.walk([&](Block *block) {
          Grouping grouping(*block, eachOp, step.getTokens() == 1);
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
