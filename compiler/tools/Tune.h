//===- Tune.h - Measures schedules on this machine --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_TUNE_H
#define QUIPU_COMPILER_TOOLS_TUNE_H

#include "compiler/tools/Build.h"

namespace quipu {

/// Builds programs of `arguments` with one candidate after the other, lets them
/// measure their kernels, and writes the fastest schedules to
/// `arguments.output`; errors have been printed. With `seconds` no candidate
/// begins that would be done later.
llvm::LogicalResult tune(const BuildArguments &arguments,
                         std::optional<int64_t> seconds, ProgressBar &bar);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_TUNE_H
