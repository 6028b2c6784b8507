//===- CostModel.h - What a kernel should take ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_COSTMODEL_H
#define QUIPU_COMPILER_TRANSFORMS_COSTMODEL_H

#include "dialect/Quipu.h"

namespace quipu {

/// Speeds of a server's core with AVX-512; what matters is their proportion.
struct Speed {
  static constexpr double bytesPerNanosecond = 20; // read from memory
  static constexpr double cyclesPerNanosecond = 3.66;
};

/// The candidates: tiles that fit in the registers, the cheapest for the
/// kernel's linear layers first; one, of no meaning, without such layers. Where
/// a panel is possible, tiles with one and without take turns, beginning with
/// what should pay.
llvm::SmallVector<RegisterTile> rankTiles(CpuAttr cpu, KernelOp kernel);

/// Whether a kernel of so many tokens may have the tile at all.
bool isCandidate(const RegisterTile &tile, int64_t tokens);

/// What one call does; of attention, for tokens that see one split
/// (abi::pagePositions): of more positions all but the call is as many times
/// more.
struct Work {
  int64_t bytes = 0; // weights, as packed, cache and activations
  int64_t operations =
      0; // multiply-adds of linear layers and attention, times 2
  /// The longer of moving and computing, and the call (abi::callNanoseconds).
  int64_t nanoseconds = 0;
};

Work predictWork(CpuAttr cpu, KernelOp kernel, const RegisterTile &tile);

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_COSTMODEL_H
