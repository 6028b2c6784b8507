//===- Build.h - Makes a program of a checkpoint ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_BUILD_H
#define QUIPU_COMPILER_TOOLS_BUILD_H

#include "compiler/Compilation.h"
#include "compiler/tools/DeveloperOptions.h"
#include "compiler/tools/ProgressBar.h"

namespace quipu {

/// What the user asked for; a path or name is empty when it was not given.
struct BuildArguments : CompilationOptions {
  std::string output;
  std::string emit = "program"; // a stage's name
  std::string from;             // STAGE or STAGE:FILE
  std::string dumpStages;       // a folder
  bool library = false;
  bool warns = true;         // of what is not an error
  std::string runtimeFolder; // of the runtime's libraries
  DeveloperOptions developer;
};

/// Runs the stages that the arguments ask for; errors have been printed.
/// `kernels` gets the schedules in a program.
llvm::LogicalResult build(const BuildArguments &arguments, ProgressBar &bar,
                          std::vector<TunedKernel> *kernels = nullptr);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_BUILD_H
