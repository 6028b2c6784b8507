//===- CudaEngine.h - Steps that a GPU runs ---------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_CUDAENGINE_H
#define QUIPU_RUNTIME_ENGINE_CUDA_CUDAENGINE_H

#include "runtime/engine/Engine.h"
#include "runtime/engine/Pages.h"
#include "runtime/engine/cuda/Device.h"
#include "runtime/engine/cuda/StepBlock.h"
#include "runtime/engine/cuda/StepGraph.h"
#include "runtime/engine/cuda/TokenChooser.h"

namespace quipu::cuda {

/// Has weights, cache and scratch in the GPU's memory. A step's function is
/// called once, while the stream is captured; its kernels are a graph then,
/// which every call replays.
class CudaEngine final : public Engine {
public:
  CudaEngine() = default;
  CudaEngine(const CudaEngine &) = delete;
  CudaEngine &operator=(const CudaEngine &) = delete;
  ~CudaEngine() override;

  Status start(const abi::Program &program, const abi::Variant &variant,
               const EngineOptions &options) override;
  Status allocate(StepMemory &memory) override;
  void copy(void *to, const void *from, uint64_t bytes) override;
  Status run(const abi::Step &step, abi::StepArgs &args,
             std::span<OutputRows> rows, KernelTimer *timer) override;
  bool choosesTokens(const abi::Step &step) const override {
    return chooser.chooses(step);
  }
  Status startStep(const abi::Step &step, abi::StepArgs &args,
                   std::span<const abi::SamplerState> states) override;
  Status awaitTokens(std::span<const int32_t> &tokens) override;
  std::string describe() const override { return device.name(); }
  Status measureBandwidth(double &bytesPerSecond) override;
  double matrixPeak() const override { return device.matrixPeak(); }

private:
  /// What is kept of a step.
  struct Recorded {
    StepBlock block;
    StepGraph graph;
    StepGraph timed;    // with the times of its kernels
    StepGraph choosing; // with the tokens that follow
  };

  Status allocateHost(uint64_t blockBytes, uint64_t rowBytes);
  Status fail(const abi::Step &step, Result result) const;
  Result updateTables(const abi::StepArgs &args, int32_t further);
  Result copyRows(const abi::Step &step, const abi::StepArgs &args,
                  std::span<OutputRows> rows);

  const abi::Program *image = nullptr;
  const abi::Variant *chosen = nullptr;
  std::function<void(uint64_t, uint64_t)> loading;
  Device device;
  TokenChooser chooser;
  const abi::Step *started = nullptr; // the last one that `startStep` began
  Address base = 0;                   // of all that is in the device's memory
  char *deviceBlock = nullptr;
  Result failure = Result::Success; // of a copy between steps

  std::vector<Recorded> recorded;      // [Variant::stepCount]
  int64_t tableEntries = 0;            // of each block table
  std::vector<const int32_t *> tables; // [pool], the device's
  /// Page-locked: the tables that are there [pool][slot][tablePages], the block
  /// of a step, the chooser's memory, and rows of outputs.
  char *pinned = nullptr;
  uint64_t pinnedBlock = 0, pinnedChoices = 0, pinnedRows = 0,
           pinnedRowBytes = 0;
  Pages moreRows; // for what does not fit there
};

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_CUDAENGINE_H
