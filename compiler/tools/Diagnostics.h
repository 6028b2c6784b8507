//===- Diagnostics.h - What quipu says about mistakes -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_DIAGNOSTICS_H
#define QUIPU_COMPILER_TOOLS_DIAGNOSTICS_H

#include "compiler/tools/ProgressBar.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

namespace quipu {

/// Prints `quipu: error: ...` and returns failure.
llvm::LogicalResult fail(const llvm::Twine &sentence);
llvm::LogicalResult fail(llvm::Error error);

/// Prints `quipu: warning: ...`.
void warn(const llvm::Twine &sentence);

/// Prints what is wrong with a file that `sourceManager` holds with its line
/// and a caret, and everything else as `fail` does; warnings only if it
/// `warns`.
class Diagnostics : public mlir::SourceMgrDiagnosticHandler {
public:
  Diagnostics(llvm::SourceMgr &sourceManager, mlir::MLIRContext *context,
              ProgressBar &bar, bool warns);

private:
  void print(mlir::Diagnostic &diagnostic);
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_DIAGNOSTICS_H
