//===- StepGraph.h - The kernels of a step, recorded ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_STEPGRAPH_H
#define QUIPU_RUNTIME_ENGINE_CUDA_STEPGRAPH_H

#include "runtime/engine/KernelTimer.h"
#include "runtime/engine/cuda/Device.h"
#include <functional>

namespace quipu::cuda {

/// The launches of a step's function, and with `timed` an event between two of
/// them: kernels then begin after the one before has ended.
class StepGraph final : private KernelTrace {
public:
  StepGraph() = default;
  StepGraph(const StepGraph &) = delete;
  StepGraph &operator=(const StepGraph &) = delete;
  ~StepGraph();

  bool isRecorded() const { return exec; }
  /// Calls the step's function with `args`, whose addresses are the device's,
  /// and then `after`, which may launch what else there is.
  Status record(const Device &device, const abi::DeviceCode &code,
                const abi::Step &step, abi::StepArgs args, bool timed,
                const std::function<void()> &after = {});

  Result launch() const;

  /// Of the last launch, which has ended.
  void addTimes(KernelTimer &timer) const;

  /// What quipu_launch does while the function runs. The grid is that of one
  /// row where there are more.
  void launchKernel(int32_t kernel, void *const *params, int32_t rows = 1);

private:
  void mark(int32_t kernel) override;
  void fail(Result result, int32_t kernel);

  const Device *device = nullptr;
  GraphExec exec = nullptr;
  std::vector<Event> events;    // before each kernel, and at the end
  std::vector<int32_t> kernels; // the number of each, for quipu_trace

  // While it is recorded:
  const abi::DeviceCode *code = nullptr;
  bool isTimed = false;
  Result failure = Result::Success; // the first one
  std::string failed;               // the kernel
};

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_STEPGRAPH_H
