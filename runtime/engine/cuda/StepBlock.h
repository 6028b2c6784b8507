//===- StepBlock.h - What a step is told, in one copy -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of the device's memory holds the abi::StepArgs, its arrays of
// addresses, and what a step is told of its tokens. Where each array lies
// depends on the step alone: a recorded step finds the next call's numbers in
// the same places. The host has the same block, which is copied before a call.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_STEPBLOCK_H
#define QUIPU_RUNTIME_ENGINE_CUDA_STEPBLOCK_H

#include "abi/Abi.h"

namespace quipu::cuda {

class StepBlock {
public:
  StepBlock() = default;
  /// Of steps of up to `tokens` tokens.
  StepBlock(const abi::Program &program, int32_t tokens);

  uint64_t bytes() const { return end; }

  /// Fills in `host`, the copy of the block at `device`, with a call of
  /// `args`: its arrays are the host's; `tables` are the pools' block tables
  /// on the device.
  void fill(char *host, char *device, const abi::Program &program,
            const abi::Entry &entry, const abi::StepArgs &args,
            const int32_t *const *tables) const;

  /// What the step's function is called with when it is recorded, after `fill`:
  /// the arrays of addresses are the host's.
  abi::StepArgs hostArgs(char *host) const;

private:
  /// Room for `count` elements; returns where it begins.
  uint64_t add(uint64_t elementBytes, int64_t count);

  uint64_t end = 0;
  uint64_t args = 0, inputs = 0, outputs = 0, pools = 0, sums = 0;
  uint64_t ids = 0, types = 0, positions = 0, sequences = 0, ends = 0,
           lengths = 0, selected = 0, axes = 0, axisBytes = 0;
  uint64_t queryTiles = 0;
  uint64_t mappings = 0, mappingBytes = 0; // of the first pool, of each
};

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_STEPBLOCK_H
