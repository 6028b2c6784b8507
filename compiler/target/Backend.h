//===- Backend.h - What makes the programs of a kind of target --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_BACKEND_H
#define QUIPU_COMPILER_TARGET_BACKEND_H

#include "compiler/target/Stage.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace quipu {

/// All that the way to a program depends on the kind of target, behind the
/// stage `fused`. What the stages before ask of a target its attribute says,
/// see TargetAttrInterface.
class Backend {
public:
  virtual ~Backend() = default;

  /// "cpu": in the names of its pipelines, `--cpu-stage-llvm`.
  virtual llvm::StringRef getName() const = 0;
  /// Whether `target`, of a module's `quipu.target`, is of its kind.
  virtual bool makes(mlir::Attribute target) const = 0;
  /// An error when this compiler was built without it.
  virtual llvm::Error checkPresent() const { return llvm::Error::success(); }
  /// From `scheduled` to `program`.
  virtual llvm::ArrayRef<Stage> getStages() const = 0;
  /// What other compilers than MLIR make of a kernel at the stage, as text;
  /// empty where there is nothing to show.
  virtual llvm::Expected<std::string> printKernel(mlir::Operation *kernel,
                                                  const Stage &stage) const {
    return std::string();
  }
  /// The text of the module at a stage that is no module; empty where that is
  /// the host's machine code.
  virtual std::string printText(mlir::ModuleOp module,
                                const Stage &stage) const {
    return "";
  }
  /// Puts machine code in the place of what a driver would have to compile, in
  /// a module of stage `llvm`: by the assembler at `assembler` or, where that
  /// is empty, one that is found. Does nothing where there is none.
  virtual llvm::Error assemble(mlir::ModuleOp module,
                               llvm::StringRef assembler) const {
    return llvm::Error::success();
  }
  /// The most tokens of each of an entry's steps, rising.
  virtual llvm::ArrayRef<int64_t> getStepTokens() const {
    static constexpr int64_t tokens[] = {1, 16, 128};
    return tokens;
  }
  /// Whether a kernel has several schedules to choose from, which `quipu tune`
  /// measures.
  virtual bool hasCandidates() const { return false; }
  /// The runtime's libraries that programs need besides those of all targets.
  virtual llvm::ArrayRef<llvm::StringRef> getLibraries() const { return {}; }
};

} // namespace quipu

#endif // QUIPU_COMPILER_TARGET_BACKEND_H
