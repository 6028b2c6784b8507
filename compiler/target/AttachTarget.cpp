//===- AttachTarget.cpp - Says what a module is for -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Passes.h"
#include "compiler/target/Target.h"
#include "dialect/Targets.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_ATTACHTARGET
#include "compiler/target/Passes.h.inc"
} // namespace quipu

namespace {
struct AttachTarget : quipu::impl::AttachTargetBase<AttachTarget> {
  using AttachTargetBase::AttachTargetBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Attribute> targets;
    for (const std::string &name : names) {
      auto variants = Target::createVariants(name);
      if (!variants) {
        module.emitError(llvm::toString(variants.takeError()));
        return signalPassFailure();
      }
      for (const Target &variant : *variants)
        targets.push_back(variant.getAttribute(&getContext()));
    }
    if (!targets.empty()) {
      module->setAttr(targetName, targets.size() == 1
                                      ? targets[0]
                                      : ArrayAttr::get(&getContext(), targets));
    } else if (!module->hasAttr(targetName)) {
      module.emitError("has no quipu.target; give one to attach-target");
      return signalPassFailure();
    }
    // Of several targets none is the reference: they share no stage `fused`.
    if (failed(verifyTarget(module, module->getAttr(targetName))))
      signalPassFailure();
  }
};
} // namespace
