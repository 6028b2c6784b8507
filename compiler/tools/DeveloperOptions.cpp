//===- DeveloperOptions.cpp - A look into the passes ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/DeveloperOptions.h"
#include "compiler/Pipeline.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using namespace quipu;

llvm::Error DeveloperOptions::check() const {
  if (!printBefore && !printAfter)
    return llvm::Error::success();
  registerPasses();
  for (const auto &name : {printBefore, printAfter})
    if (name && *name != "all" && !PassInfo::lookup(*name))
      return llvm::createStringError("there is no pass '" + *name +
                                     "' to print the module around; "
                                     "quipu-opt --list-passes names them");
  return llvm::Error::success();
}

namespace {
/// The arguments of a remark are the words of its sentence.
struct RemarkPrinter : remark::detail::MLIRRemarkStreamerBase {
  void streamOptimizationRemark(const remark::detail::Remark &remark) final {
    InFlightDiagnostic diagnostic = emitRemark(remark.getLocation());
    for (const remark::detail::Remark::Arg &argument : remark.getArgs())
      diagnostic << argument.val;
  }
};
} // namespace

void DeveloperOptions::enableRemarks(MLIRContext &context) const {
  if (!remarks)
    return;
  // `all` only adds to the categories of a kind that are given.
  remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.analysis =
      categories.failed = ".*";
  // Nothing can fail: no file is behind it.
  (void)remark::enableOptimizationRemarks(
      context, std::make_unique<RemarkPrinter>(),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
}

void DeveloperOptions::apply(PassManager &passes) const {
  if (timing)
    passes.enableTiming();
  if (reproducer)
    passes.enableCrashReproducerGeneration(*reproducer);
  auto matches = [](std::optional<std::string> name) {
    return [name](Pass *pass, Operation *) {
      return name && (*name == "all" || pass->getArgument() == *name);
    };
  };
  if (printBefore || printAfter)
    passes.enableIRPrinting(matches(printBefore), matches(printAfter),
                            /*printModuleScope=*/false,
                            /*printAfterOnlyOnChange=*/false);
}
