//===- TokenChooser.h - Tokens that the GPU chooses -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_TOKENCHOOSER_H
#define QUIPU_RUNTIME_ENGINE_CUDA_TOKENCHOOSER_H

#include "abi/TokenChoice.h"
#include "runtime/engine/cuda/Device.h"
#include "runtime/engine/cuda/StepGraph.h"
#include <span>

namespace quipu::cuda {

/// What the functions of abi/TokenChoice.h work on, and an event behind each
/// step: the tokens that it has chosen are in the host's memory then.
class TokenChooser {
public:
  TokenChooser() = default;
  TokenChooser(const TokenChooser &) = delete;
  TokenChooser &operator=(const TokenChooser &) = delete;
  ~TokenChooser();

  /// Looks for the functions; without any, no bytes are needed.
  void find(const abi::Program &program, const abi::DeviceCode &code);
  uint64_t deviceBytes() const;
  uint64_t hostBytes() const;
  /// `host` is page-locked.
  Status place(const Device &device, void *deviceMemory, void *hostMemory);

  bool chooses(const abi::Step &step) const {
    return step.tokens <= maxRows && entries[step.entry].choose >= 0;
  }

  /// Launches the functions while a step is recorded; `args` are the device's.
  void launch(StepGraph &graph, const abi::Step &step,
              const abi::StepArgs *args) const;

  /// Copies what the first of several steps chooses with.
  Result begin(std::span<const abi::SamplerState> states);
  /// The step has been launched.
  Result mark();
  /// Waits for the earliest one.
  Result await(std::span<const int32_t> &tokens);

private:
  static constexpr int32_t maxRows = 128;

  struct Entry {
    int32_t choose = -1, advance = -1; // numbers of the functions
    int32_t logits = -1;               // of the output
  };
  /// Both memories begin with it; behind it the device has candidates, and the
  /// host has tokens.
  struct Block {
    abi::TokenChoices choices;
    int32_t steps[maxRows];
    abi::SamplerState states[maxRows];
  };

  const Device *device = nullptr;
  std::vector<Entry> entries; // [Program::entryCount]
  int32_t parts = 0;          // the most of a row
  Block *deviceBlock = nullptr, *block = nullptr;
  const int32_t *tokens = nullptr; // [choiceSteps][maxRows]
  Event events[abi::choiceSteps] = {};
  int32_t rows = 0, launched = 0, awaited = 0; // since `begin`
};

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_TOKENCHOOSER_H
