//===- VerifyStage.cpp - Checks the border between two stages -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipeline.h"
#include "dialect/Targets.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace quipu;

static bool contains(ArrayRef<StringRef> legal, Operation *op) {
  return llvm::any_of(legal, [&](StringRef name) {
    return name == op->getName().getStringRef() ||
           name == op->getName().getDialectNamespace() ||
           (name == "compute" && isa<FusionInterface>(op));
  });
}

namespace {
struct VerifyStage : PassWrapper<VerifyStage, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyStage)

  VerifyStage() = default;
  VerifyStage(const VerifyStage &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "verify-stage"; }
  StringRef getDescription() const final {
    return "checks that the ops are legal at a stage";
  }

  void runOnOperation() final {
    SmallVector<Stage> stages =
        getStages(getBackend(getOperation()->getAttr(targetName)));
    llvm::erase_if(stages,
                   [](const Stage &known) { return !known.isModule(); });
    const Stage *known = llvm::find_if(
        stages, [&](const Stage &known) { return known.name == stage; });
    if (known == stages.end()) {
      getOperation().emitError("there is no stage '")
          << stage << "' to verify; the stages are " << listStages(stages);
      return signalPassFailure();
    }
    auto result = getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      bool inKernel = isa_and_nonnull<KernelOp>(op->getParentOp());
      if (isa<ModuleOp>(op) ||
          contains(inKernel ? known->legalInKernels : known->legal, op))
        return WalkResult::advance();
      auto error = op->emitError() << "'" << op->getName() << "' is illegal "
                                   << (inKernel ? "in a kernel " : "")
                                   << "at stage '" << stage << "'";
      if (!inKernel && contains(known->legalInKernels, op))
        error << ", outside of a kernel";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  Option<std::string> stage{*this, "stage", llvm::cl::desc("the stage's name")};
};
} // namespace

std::unique_ptr<Pass> quipu::createVerifyStagePass(StringRef stage) {
  auto pass = std::make_unique<VerifyStage>();
  pass->stage = stage.str();
  return pass;
}
