//===- Pipeline.h - The stages from spec to program -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The tables of stages: the flags --emit, --from and --dump-stages, the help
// and the README's map come from them, and every boundary is checked with them.
// A backend adds the stages behind `fused`.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_PIPELINE_H
#define QUIPU_COMPILER_PIPELINE_H

#include "compiler/target/Backend.h"
#include "compiler/target/Target.h"
#include "mlir/IR/DialectRegistry.h"

namespace quipu {

/// All backends: the CPU's first, which is the one where nothing says another.
llvm::ArrayRef<const Backend *> getBackends();
/// The backend of a module's `quipu.target`, or of several of one kind.
const Backend &getBackend(mlir::Attribute target);
const Backend &getBackend(const Target &target);

/// From spec to program.
llvm::SmallVector<Stage> getStages(const Backend &backend);
/// "spec, graph, ...", for messages.
std::string listStages(llvm::ArrayRef<Stage> stages);

/// The stage's passes, and the check that they have left legal ops only.
void addStage(mlir::OpPassManager &passes, const Stage &stage,
              const StageOptions &options);
/// `verify-stage`: an error at the first op that is not legal at the stage.
std::unique_ptr<mlir::Pass> createVerifyStagePass(llvm::StringRef stage = "");

void registerDialects(mlir::DialectRegistry &registry);
/// All passes, and for each stage with passes the pipeline `stage-<name>`, or
/// `<backend>-stage-<name>`.
void registerPasses();

} // namespace quipu

#endif // QUIPU_COMPILER_PIPELINE_H
