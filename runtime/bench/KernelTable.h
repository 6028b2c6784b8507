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

/// For each step that was measured a line for each of its kernels, and their
/// sum. Predictions of the work are divided by `threads`.
std::string kernelTable(const std::vector<KernelTimer> &timers,
                        int32_t threads);

/// The kernels of all steps as a JSON array.
std::string kernelJson(const std::vector<KernelTimer> &timers, int32_t threads);

} // namespace quipu

#endif // QUIPU_RUNTIME_BENCH_KERNELTABLE_H
