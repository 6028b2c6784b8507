//===- Measurement.h - What a program measures of itself --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_MEASUREMENT_H
#define QUIPU_COMPILER_TOOLS_MEASUREMENT_H

#include "compiler/transforms/TunedSchedules.h"

namespace quipu {

struct MeasurementOptions {
  /// Of a prompt; the program's context must hold them.
  uint32_t positions = 128;
  bool hasThreads = true; // then it runs on one
};

/// What programs of one model say with `--bench --json` on one thread; of
/// several runs, the best.
struct Measurement {
  /// By shape and tokens; `nanoseconds` of all calls in a step.
  std::vector<TunedKernel> kernels;

  /// `built` has the schedules of the program's kernels.
  static llvm::Expected<Measurement> run(llvm::StringRef program,
                                         llvm::ArrayRef<TunedKernel> built,
                                         const MeasurementOptions &options);
  void merge(const Measurement &other);
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_MEASUREMENT_H
