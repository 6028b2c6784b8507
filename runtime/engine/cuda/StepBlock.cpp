//===- StepBlock.cpp - What a step is told, in one copy -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/StepBlock.h"
#include "runtime/engine/AxisPlaces.h"
#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

using namespace quipu;
using namespace quipu::cuda;

uint64_t StepBlock::add(uint64_t elementBytes, int64_t count) {
  uint64_t start = end;
  end = (start + elementBytes * count + 63) / 64 * 64;
  return start;
}

StepBlock::StepBlock(const abi::Program &program, int32_t tokens) {
  int32_t maxInputs = 0, maxOutputs = 0;
  for (int32_t i = 0; i < program.entryCount; ++i) {
    maxInputs = std::max(maxInputs, program.entries[i].inputCount);
    maxOutputs = std::max(maxOutputs, program.entries[i].outputCount);
  }
  args = add(sizeof(abi::StepArgs), 1);
  inputs = add(sizeof(void *), maxInputs);
  outputs = add(sizeof(void *), maxOutputs);
  pools = add(sizeof(abi::PagePool), program.poolCount);
  sums = add(sizeof(float *), program.sumCount);
  ids = add(sizeof(int32_t), tokens);
  types = add(sizeof(int32_t), tokens);
  axes = add(sizeof(int32_t), tokens);
  axisBytes = end - axes;
  for (int32_t i = 1; i < axisCount; ++i)
    add(sizeof(int32_t), tokens);
  positions = add(sizeof(int32_t), tokens);
  sequences = add(sizeof(int32_t), tokens);
  ends = add(sizeof(int32_t), tokens);
  lengths = add(sizeof(int32_t), tokens);
  selected = add(sizeof(int32_t), tokens);
  queryTiles = add(sizeof(abi::QueryTile), tokens);
  mappings = end;
  for (int32_t i = 0; i < program.poolCount; ++i)
    add(sizeof(int32_t), tokens);
  mappingBytes = program.poolCount ? (end - mappings) / program.poolCount : 0;
}

void StepBlock::fill(char *host, char *device, const abi::Program &program,
                     const abi::Entry &entry, const abi::StepArgs &call,
                     const int32_t *const *tables) const {
  abi::StepArgs told = call;
  // Copies an array, whose place in the device's block `field` then is.
  auto put = [&](auto &field, uint64_t offset, auto *elements, int64_t count) {
    if (count)
      memcpy(host + offset, static_cast<const void *>(elements),
             count * sizeof(*elements));
    field = reinterpret_cast<std::decay_t<decltype(field)>>(device + offset);
  };
  std::vector<const void *> places(entry.inputCount);
  for (int32_t i = 0; i < entry.inputCount; ++i) {
    std::string_view name = entry.inputs[i].name;
    int32_t axis = findAxis(name);
    uint64_t place = axis >= 0             ? axes + axis * axisBytes
                     : name == "tokens"    ? ids
                     : name == "positions" ? positions
                                           : types;
    put(places[i], place, static_cast<const int32_t *>(call.inputs[i]),
        call.count);
  }
  put(told.inputs, inputs, places.data(), entry.inputCount);
  put(told.outputs, outputs, call.outputs, entry.outputCount);
  put(told.sums, sums, call.sums, program.sumCount);
  put(told.positions, positions, call.positions, call.count);
  put(told.sequences, sequences, call.sequences, call.count);
  put(told.ends, ends, call.ends, call.count);
  put(told.lengths, lengths, call.lengths, call.count);
  put(told.selected, selected, call.selected, call.selectedCount);
  put(told.queryTiles, queryTiles, call.queryTiles, call.queryTileCount);
  put(told.pools, pools, call.pools, program.poolCount);
  auto *pool = reinterpret_cast<abi::PagePool *>(host + pools);
  for (int32_t i = 0; i < program.poolCount; ++i) {
    put(pool[i].slotMapping, mappings + i * mappingBytes,
        call.pools[i].slotMapping, call.count);
    pool[i].table = tables[i];
  }
  told.barrier = told.timer = nullptr;
  const void *self = nullptr;
  put(self, args, &told, 1);
  told.device = static_cast<const abi::StepArgs *>(self);
  memcpy(host + args, &told, sizeof(told));
}

abi::StepArgs StepBlock::hostArgs(char *host) const {
  abi::StepArgs told;
  memcpy(&told, host + args, sizeof(told));
  told.inputs = reinterpret_cast<const void *const *>(host + inputs);
  told.outputs = reinterpret_cast<void *const *>(host + outputs);
  told.pools = reinterpret_cast<const abi::PagePool *>(host + pools);
  told.sums = reinterpret_cast<float *const *>(host + sums);
  return told;
}
