//===- Engine.h - Where a session's memory is and its steps run -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A session decides what steps are run on, on the host: which sequence has
// which pages, what each token is told. The engine has the memory that steps
// read and write, and runs them: CpuEngine with threads, cuda/CudaEngine on a
// GPU.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_ENGINE_H
#define QUIPU_RUNTIME_ENGINE_ENGINE_H

#include "abi/Abi.h"
#include "abi/TokenChoice.h"
#include "runtime/engine/KernelTimer.h"
#include "runtime/engine/Status.h"
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace quipu {

class Workers;

struct EngineOptions {
  int32_t threads = 0; // 0: one for each core
  bool pin = false;    // bind each thread, the caller's too, to a CPU
  int32_t device = 0;  // the GPU's number
  /// Is told how many of the weights' bytes are on the GPU, from 0 to all.
  std::function<void(uint64_t done, uint64_t total)> loading = nullptr;
};

/// Memory that steps use: the session says how much, the engine where. It is
/// zero at first and 64-byte aligned; steps and Engine::copy alone may touch
/// it.
struct StepMemory {
  struct Part {
    uint64_t bytes = 0;
    void *data = nullptr;
  };
  Part arena, outputs, sums, partials;
  std::vector<Part> pages;  // [Program::poolCount]
  int64_t tableEntries = 0; // of each block table, which the session has
  const void *weights = nullptr;
};

/// The first rows of an output that are wanted, and where the host finds them.
struct OutputRows {
  int32_t count;
  const float *numbers; // [count][Tensor::stride]
};

class Engine {
public:
  virtual ~Engine() = default;

  /// Called first, once. Program and variant are kept.
  virtual Status start(const abi::Program &program, const abi::Variant &variant,
                       const EngineOptions &options) = 0;

  /// Called next, once: reserves all parts, and has the weights ready.
  virtual Status allocate(StepMemory &memory) = 0;

  /// Copies within the memory, between the steps before and after.
  virtual void copy(void *to, const void *from, uint64_t bytes) = 0;

  /// What is in use of a part's first bytes may move to huge pages.
  virtual void makeHuge(const StepMemory::Part &part, uint64_t used) {}

  /// Runs a step and waits for it. What `args` says of its tokens and the block
  /// tables is the host's, all else in the memory. `rows` are those of the
  /// entry's outputs, valid until the next call; `timer` may be null.
  virtual Status run(const abi::Step &step, abi::StepArgs &args,
                     std::span<OutputRows> rows, KernelTimer *timer) = 0;

  /// Whether the engine can choose tokens by the step's logits: `startStep` and
  /// `awaitTokens` are for those that can.
  virtual bool choosesTokens(const abi::Step & /*step*/) const { return false; }

  /// Steps that may be under way at a time.
  static constexpr int32_t maxStepsAhead = abi::choiceSteps;

  /// Begins a step whose tokens are all selected and of different sequences,
  /// and does not wait for it. With `states`, one for each token, it is the
  /// first of several; for those that follow `args` says how far the tokens
  /// have come, and the engine goes on with the ones that it has chosen. Block
  /// tables have a page for the position behind the step's.
  virtual Status startStep(const abi::Step & /*step*/, abi::StepArgs & /*args*/,
                           std::span<const abi::SamplerState> /*states*/) {
    return {};
  }

  /// Waits for the earliest step that was started, and sets `tokens` to those
  /// it has chosen; they are valid until the next call.
  virtual Status awaitTokens(std::span<const int32_t> & /*tokens*/) {
    return {};
  }

  /// The threads that walk steps; null where the host has none.
  virtual Workers *workers() { return nullptr; }

  /// What steps run on, "2 threads" or the GPU's name.
  virtual std::string describe() const = 0;

  /// The most bytes per second that are read from its memory, in passes over
  /// a buffer much larger than the caches for about 0.3 s.
  virtual Status measureBandwidth(double &bytesPerSecond) = 0;

  /// Operations on f16 per second, a multiply-add being two, that a GPU's
  /// tensor cores can do at its highest clock; 0 where there are none, or of
  /// unknown speed.
  virtual double matrixPeak() const { return 0; }
};

/// The engine for the variant's steps, not started; null without memory.
std::unique_ptr<Engine> makeEngine(const abi::Program &program,
                                   const abi::Variant &variant);

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_ENGINE_H
