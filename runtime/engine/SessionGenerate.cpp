//===- SessionGenerate.cpp - Steps whose tokens the engine chooses --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Entries.h"
#include "runtime/engine/Session.h"
#include <algorithm>

using namespace quipu;

bool Session::canGenerate(int32_t entry, int32_t sequences,
                          const abi::SamplerState &sampler) const {
  const abi::Entry &asked = image->entries[entry];
  if (!getLogits(asked) || asked.wholeSequences || asked.writesSums ||
      sequences < 1)
    return false;
  if (sampler.temperature > 0 &&
      (sampler.topK < 1 || sampler.topK > abi::maxDeviceTopK))
    return false;
  int32_t count;
  const abi::Step &step =
      pick({.tokens = nullptr, .count = sequences, .entry = entry}, 0, count);
  return count == sequences && machine->choosesTokens(step);
}

Status Session::checkContinuations(const Batch &batch, int32_t steps) {
  if (Status status = check(batch); !status.ok())
    return status;
  for (int32_t i = 0; i < batch.count; ++i) {
    const Slot &slot = slots[batch.sequences[i]];
    if (slot.last != i)
      return argumentError("sequence " + std::to_string(batch.sequences[i]) +
                           " goes on twice in one step");
    int32_t most =
        std::min(positionCount, getPositionLimit(image->entries[batch.entry]));
    if (steps > most - slot.length)
      return {QUIPU_ERROR_CONTEXT_FULL,
              std::to_string(steps) + " steps from position " +
                  std::to_string(slot.length) + " on are more than the " +
                  std::to_string(most) +
                  " positions of the context have room for"};
  }
  return {};
}

Status Session::generate(std::span<const Continuation> texts, int32_t entry,
                         int32_t count, const TokenReader &read) {
  auto width = static_cast<int32_t>(texts.size());
  std::vector<int32_t> tokens, sequences, begins;
  std::vector<abi::SamplerState> samplers;
  for (const Continuation &text : texts) {
    tokens.push_back(text.token);
    sequences.push_back(text.sequence);
    samplers.push_back(text.sampler);
  }
  Batch batch{.tokens = tokens.data(),
              .count = width,
              .sequences = sequences.data(),
              .selectedCount = width,
              .entry = entry};
  if (Status status = checkContinuations(batch, count); !status.ok())
    return status;
  for (int32_t sequence : sequences)
    begins.push_back(slots[sequence].length);

  const abi::Step &step = pick(batch, 0, args.count);
  int32_t started = 0, done = 0;
  auto startNext = [&] {
    bool isFirst = started++ == 0;
    if (isFirst) {
      prepare(batch, 0);
      findQueryTiles();
      select(batch, 0, 0);
      placeOutputs(image->entries[entry], step.tokens, /*areRead=*/false);
      placeInputs(batch, 0);
    }
    for (int32_t i = 0; i < width; ++i) {
      Slot &slot = slots[sequences[i]];
      if (!isFirst) {
        ++positions[i];
        ++lengths[i];
        slot.length = ++ends[i];
      }
      for (int32_t p = 0; p < image->poolCount; ++p) {
        // What is read too much is given back: nothing before that may go.
        caches[p].release(sequences[i], begins[i] + done);
        if (started < count)
          caches[p].prepare(sequences[i], slot.length);
      }
    }
    return machine->startStep(step, args,
                              isFirst ? std::span(samplers)
                                      : std::span<abi::SamplerState>());
  };
  Status status;
  std::span<const int32_t> chosen;
  bool goesOn = true;
  while (status.ok() && goesOn && done < count) {
    while (status.ok() && started < count &&
           started - done < Engine::maxStepsAhead)
      status = startNext();
    if (status.ok())
      status = machine->awaitTokens(chosen);
    if (status.ok()) {
      ++done;
      goesOn = read(chosen);
    }
  }
  for (int32_t ahead = done; status.ok() && ahead < started; ++ahead)
    status = machine->awaitTokens(chosen);
  for (int32_t i = 0; i < width; ++i) {
    slots[sequences[i]].length = begins[i] + done;
    for (int32_t p = 0; p < image->poolCount; ++p)
      caches[p].truncate(sequences[i], begins[i] + done);
  }
  return status;
}
