//===- DeveloperOptions.h - A look into the passes --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_DEVELOPEROPTIONS_H
#define QUIPU_COMPILER_TOOLS_DEVELOPEROPTIONS_H

#include "mlir/Pass/PassManager.h"
#include <optional>
#include <string>

namespace quipu {

/// What a developer of the compiler wants to see of its passes, as with
/// quipu-opt.
struct DeveloperOptions {
  bool remarks = false, timing = false;
  std::optional<std::string> printBefore, printAfter; // a pass, or all
  std::optional<std::string> reproducer;              // a file

  /// An error names an option whose value is no pass.
  llvm::Error check() const;
  /// Prints what passes remark as diagnostics at the lines of the spec.
  void enableRemarks(mlir::MLIRContext &context) const;
  void apply(mlir::PassManager &passes) const;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_DEVELOPEROPTIONS_H
