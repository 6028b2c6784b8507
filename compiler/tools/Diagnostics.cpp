//===- Diagnostics.cpp - What quipu says about mistakes -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Diagnostics.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace quipu;

LogicalResult quipu::fail(const Twine &sentence) {
  llvm::errs() << "quipu: ";
  llvm::WithColor(llvm::errs(), llvm::HighlightColor::Error) << "error: ";
  llvm::errs() << sentence << '\n';
  return failure();
}

LogicalResult quipu::fail(llvm::Error error) {
  return fail(llvm::toString(std::move(error)));
}

void quipu::warn(const Twine &sentence) {
  llvm::errs() << "quipu: ";
  llvm::WithColor(llvm::errs(), llvm::HighlightColor::Warning) << "warning: ";
  llvm::errs() << sentence << '\n';
}

Diagnostics::Diagnostics(llvm::SourceMgr &sourceManager, MLIRContext *context,
                         ProgressBar &bar, bool warns)
    : SourceMgrDiagnosticHandler(sourceManager, context) {
  // Where the line stands says more than a print of the op.
  context->printOpOnDiagnostic(false);
  setHandler([this, &bar, warns](Diagnostic &diagnostic) {
    if (!warns && diagnostic.getSeverity() == DiagnosticSeverity::Warning)
      return;
    bar.clear();
    print(diagnostic);
  });
}

void Diagnostics::print(Diagnostic &diagnostic) {
  if (diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
    emitDiagnostic(diagnostic);
  else if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
    (void)fail(diagnostic.str());
  else if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
    warn(diagnostic.str());
}
