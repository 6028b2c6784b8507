//===- KernelTimer.h - How long kernels take --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_KERNELTIMER_H
#define QUIPU_RUNTIME_KERNELTIMER_H

#include "runtime/Abi.h"
#include <vector>

namespace quipu {

/// What StepArgs::timer points to while somebody measures a step: worker 0's
/// time from one call of quipu_mark to the next, so that waiting at a barrier
/// counts for the kernel before.
class KernelTimer {
public:
  explicit KernelTimer(const abi::Step &step)
      : measured(&step), seconds(step.kernelCount) {}

  const abi::Step &step() const { return *measured; }

  /// Kernel number `kernel` begins or, -1, the step ends.
  void mark(int32_t kernel);

  /// Median of the seconds of one call, 0 if there was none.
  double median(int32_t kernel) const;

private:
  const abi::Step *measured;
  std::vector<std::vector<double>> seconds; // [kernel][call]
  int32_t running = -1;
  double since = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_KERNELTIMER_H
