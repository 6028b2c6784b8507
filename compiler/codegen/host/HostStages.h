//===- HostStages.h - Stages of kernels that threads run --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What the backends have in common whose kernels are called by threads of the
// host, one after the other, with barriers between.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_HOST_HOSTSTAGES_H
#define QUIPU_COMPILER_CODEGEN_HOST_HOSTSTAGES_H

#include "compiler/target/Stage.h"

namespace quipu {

/// The first passes of `scheduled`: kernels for one target.
void addOneTarget(mlir::OpPassManager &passes, const StageOptions &options);
/// The last passes of `scheduled`: memory and barriers.
void addPlan(mlir::OpPassManager &passes);
/// From `scheduled` to `cpu`: the steps become functions.
void addHostSteps(mlir::OpPassManager &passes, const StageOptions &options);
/// The last passes of `llvm`, when the kernels are functions, too.
void addHostConversions(mlir::OpPassManager &passes);

/// `scheduled` and `cpu`, with the backend's passes of the first, and those
/// behind `llvm`, whose passes are the backend's, too.
llvm::SmallVector<Stage> getHostStages(decltype(Stage::addPasses) addScheduled,
                                       decltype(Stage::addPasses) addLlvm,
                                       llvm::StringRef folder);

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_HOST_HOSTSTAGES_H
