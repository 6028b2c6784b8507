//===- KernelTimer.h - How long kernels take --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_KERNELTIMER_H
#define QUIPU_RUNTIME_ENGINE_KERNELTIMER_H

#include "abi/Abi.h"
#include <vector>

namespace quipu {

/// What StepArgs::timer points to while somebody measures a step.
class KernelTrace {
public:
  /// Kernel number `kernel` begins or, -1, the step ends.
  virtual void mark(int32_t kernel) = 0;

protected:
  ~KernelTrace() = default;
};

/// How long the calls of a step's kernels take. As a trace it takes worker 0's
/// time from one call of quipu_trace to the next, so that waiting at a barrier
/// counts for the kernel before.
class KernelTimer final : public KernelTrace {
public:
  /// The step's tokens see `positions` of the cache, on average.
  KernelTimer(const abi::Step &step, int32_t positions)
      : measured(&step), seen(positions), seconds(step.kernelCount) {}

  const abi::Step &step() const { return *measured; }
  int32_t positions() const { return seen; }

  void mark(int32_t kernel) override;

  /// A call took so long.
  void add(int32_t kernel, double taken) { seconds[kernel].push_back(taken); }

  /// Median of the seconds of one call, 0 if there was none.
  double median(int32_t kernel) const;

private:
  const abi::Step *measured;
  int32_t seen;
  std::vector<std::vector<double>> seconds; // [kernel][call]
  int32_t running = -1;
  double since = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_KERNELTIMER_H
