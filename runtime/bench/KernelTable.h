//===- KernelTable.h - Predicted against measured ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_BENCH_KERNELTABLE_H
#define QUIPU_RUNTIME_BENCH_KERNELTABLE_H

#include "runtime/engine/KernelTimer.h"
#include <string>

namespace quipu {

/// What runs kernels, for their predictions.
struct Workforce {
  int32_t threads = 1; // divide the predicted work
  /// The part of a prediction that is no work.
  int64_t callNanoseconds = abi::callNanoseconds;
};

/// For each step that was measured a line for each of its kernels, and their
/// sum.
std::string kernelTable(const std::vector<KernelTimer> &timers,
                        const Workforce &workforce);

/// Operations for a token of a prompt, by the steps of most tokens; 0 if only
/// those of one token were measured.
double promptOperations(const std::vector<KernelTimer> &timers);

/// The kernels of all steps as a JSON array.
std::string kernelJson(const std::vector<KernelTimer> &timers,
                       const Workforce &workforce);

} // namespace quipu

#endif // QUIPU_RUNTIME_BENCH_KERNELTABLE_H
