//===- TokenChooser.cpp - Tokens that the GPU chooses ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/TokenChooser.h"
#include "runtime/engine/Entries.h"
#include <algorithm>
#include <cstring>

using namespace quipu;
using namespace quipu::cuda;

TokenChooser::~TokenChooser() {
  if (!device || !device->isOurs())
    return;
  Current current(*device);
  for (Event event : events)
    if (event)
      device->driver().eventDestroy(event);
}

void TokenChooser::find(const abi::Program &program,
                        const abi::DeviceCode &code) {
  for (const abi::Entry &entry : getEntries(program)) {
    Entry &found = entries.emplace_back();
    auto number = [&](const char *function) {
      std::string name = std::string(function) + entry.name;
      for (int32_t i = 0; i < code.kernelCount; ++i)
        if (name == code.kernels[i].name)
          return i;
      return -1;
    };
    found = {.choose = number(abi::chooseFunction),
             .advance = number(abi::advanceFunction),
             .logits = findOutput(entry, "logits")};
    if (found.choose >= 0)
      parts = std::max(parts, code.kernels[found.choose].grid[0]);
  }
}

uint64_t TokenChooser::deviceBytes() const {
  return parts ? sizeof(Block) +
                     sizeof(uint64_t) * maxRows * parts * abi::maxDeviceTopK
               : 0;
}

uint64_t TokenChooser::hostBytes() const {
  return parts ? sizeof(Block) + sizeof(int32_t) * abi::choiceSteps * maxRows
               : 0;
}

Status TokenChooser::place(const Device &where, void *deviceMemory,
                           void *hostMemory) {
  device = &where;
  if (!parts)
    return {};
  deviceBlock = static_cast<Block *>(deviceMemory);
  block = static_cast<Block *>(hostMemory);
  auto *chosen = reinterpret_cast<int32_t *>(block + 1);
  tokens = chosen;
  memset(hostMemory, 0, hostBytes());
  block->choices = {.states = deviceBlock->states,
                    .candidates = reinterpret_cast<uint64_t *>(deviceBlock + 1),
                    .tokens = chosen,
                    .steps = deviceBlock->steps,
                    .rows = maxRows};
  for (Event &event : events)
    if (Status status = device->driver().check(
            device->driver().eventCreate(&event, eventDisableTiming),
            "make an event");
        !status.ok())
      return status;
  return {};
}

void TokenChooser::launch(StepGraph &graph, const abi::Step &step,
                          const abi::StepArgs *args) const {
  Entry entry = entries[step.entry];
  const abi::TokenChoices *choices = &deviceBlock->choices;
  void *params[] = {static_cast<void *>(&args), &entry.logits,
                    static_cast<void *>(&choices)};
  graph.launchKernel(entry.choose, params, step.tokens);
  graph.launchKernel(entry.advance, params, step.tokens);
}

Result TokenChooser::begin(std::span<const abi::SamplerState> states) {
  rows = static_cast<int32_t>(states.size());
  launched = awaited = 0;
  std::copy(states.begin(), states.end(), block->states);
  return device->driver().memcpyHtoDAsync(
      getAddress(deviceBlock), block,
      offsetof(Block, states) + states.size_bytes(), device->stream());
}

Result TokenChooser::mark() {
  return device->driver().eventRecord(events[launched++ % abi::choiceSteps],
                                      device->stream(), 0);
}

Result TokenChooser::await(std::span<const int32_t> &chosen) {
  int32_t place = awaited++ % abi::choiceSteps;
  chosen = {tokens + int64_t(place) * maxRows, static_cast<size_t>(rows)};
  return device->driver().eventSynchronize(events[place]);
}
