//===- ReduceOps.cpp - Leaves ops out while a defect shows ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/ReduceOps.h"
#include "dialect/Quipu.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Reducer/Tester.h"

using namespace mlir;
using namespace quipu;

//===----------------------------------------------------------------------===//
// Ways to make a module simpler: false if an op cannot be edited so
//===----------------------------------------------------------------------===//

static bool erase(Operation *op) {
  if (!op->use_empty())
    return false;
  op->erase();
  return true;
}

/// An operand of its type takes the place of the result: of layers, what they
/// begin with.
static bool forwardOperand(Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  for (Value operand : op->getOperands())
    if (operand.getType() == op->getResult(0).getType()) {
      op->getResult(0).replaceAllUsesWith(operand);
      op->erase();
      return true;
    }
  return false;
}

/// One layer instead of many, in all loops of that count and in the weights
/// that they read. Formats that change from layer to layer need the layers.
static bool keepOneLayer(Operation *op) {
  auto layers = dyn_cast<LayersOp>(op);
  auto count = layers ? dyn_cast<IntegerAttr>(layers.getCount()) : nullptr;
  auto model = op->getParentOfType<ModelOp>();
  if (!model || !count || count.getInt() <= 1 || layers.getOverrideLayers())
    return false;
  model.walk([&](LayersOp other) {
    if (other.getCount() == count)
      other.setCountAttr(Builder(op->getContext()).getI64IntegerAttr(1));
  });
  model.walk([&](WeightOp weight) {
    if (weight.getLayers() == uint64_t(count.getInt()) && !weight.isMixed()) {
      weight.setLayers(1);
      weight.removePresentAttr();
      weight.removeStridesAttr();
    }
  });
  return true;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// The op with that number in the module, parents before what is in them; null
/// behind the last.
static Operation *findOp(ModuleOp module, int64_t number) {
  Operation *found = nullptr;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == module || number-- != 0)
      return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found;
}

namespace {
struct ReduceOps : PassWrapper<ReduceOps, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ReduceOps)

  ReduceOps() = default;
  ReduceOps(const ReduceOps &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "reduce-ops"; }
  StringRef getDescription() const final {
    return "leaves out what a script does not need to find a defect";
  }

  bool isInteresting(ModuleOp module) const {
    return Tester(test, {}).isInteresting(module).first ==
           Tester::Interestingness::True;
  }

  /// Keeps the first edit of the op with that number that leaves the module
  /// interesting.
  bool reduce(ModuleOp module, int64_t number) const {
    for (bool (*edit)(Operation *) : {erase, forwardOperand, keepOneLayer}) {
      OwningOpRef<ModuleOp> copy = module.clone();
      if (!edit(findOp(*copy, number)) || !isInteresting(*copy))
        continue;
      module.getBodyRegion().takeBody(copy->getBodyRegion());
      return true;
    }
    return false;
  }

  void runOnOperation() final {
    ModuleOp module = getOperation();
    if (!isInteresting(module)) {
      module.emitError("the script '")
          << test << "' does not exit with 1 for the whole file";
      return signalPassFailure();
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (int64_t number = 0; findOp(module, number);)
        if (reduce(module, number))
          changed = true;
        else
          ++number;
    }
  }

  Option<std::string> test{
      *this, "test",
      llvm::cl::desc("a script that exits with 1 when the file it gets shows "
                     "what is looked for")};
};
} // namespace

void quipu::registerReduceOpsPass() { PassRegistration<ReduceOps>(); }
