//===- Build.h - Makes a program of a checkpoint ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_BUILD_H
#define QUIPU_COMPILER_TOOLS_BUILD_H

#include "compiler/tools/DeveloperOptions.h"
#include "compiler/tools/ProgressBar.h"
#include "llvm/Support/LogicalResult.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quipu {

/// What the user asked for; a path or name is empty when it was not given.
struct BuildArguments {
  std::string model;
  std::string output;
  std::string spec;
  std::vector<std::string> heads = {"generate"}; // names or files
  std::string target;
  bool isTargetGiven = false; // and not the default
  std::string emit;           // a stage's name
  std::string from;           // STAGE or STAGE:FILE
  std::string dumpStages;     // a folder
  uint32_t context = 0;
  bool library = false;
  std::string runtimeFolder; // of the runtime's libraries
  std::string tuned;         // a file of quipu tune
  DeveloperOptions developer;
  /// For a program that is only measured, without a tokenizer: which of the
  /// cost model's candidates its kernels take.
  std::optional<unsigned> candidate;
};

/// Runs the stages that the arguments ask for; errors have been printed.
llvm::LogicalResult build(const BuildArguments &arguments, ProgressBar &bar);

/// "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0"
llvm::StringRef getCompilerVersion();

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_BUILD_H
