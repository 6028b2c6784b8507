//===- Benchmark.h - Measuring a program's speed ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_BENCH_BENCHMARK_H
#define QUIPU_RUNTIME_BENCH_BENCHMARK_H

#include "runtime/engine/Session.h"

namespace quipu {

struct BenchmarkOptions {
  int32_t entry = 0;     // one that gives logits
  int32_t prefill = 512; // tokens of the prompt
  int32_t decode = 128;  // tokens decoded one by one
  int32_t depth = 0;     // tokens of context before those
  int32_t batch = 1;     // sequences that decode side by side
  bool json = false;
  bool kernels = false; // only these
};

/// Measures prefill, decode, what the memory could give, and the kernels; sets
/// `report` to a table or to one JSON object.
Status benchmark(Session &session, const BenchmarkOptions &options,
                 std::string &report);

} // namespace quipu

#endif // QUIPU_RUNTIME_BENCH_BENCHMARK_H
