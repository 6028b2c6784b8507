//===- Chip.h - What kinds of GPUs can do -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_CHIP_H
#define QUIPU_COMPILER_CODEGEN_GPU_CHIP_H

#include "dialect/Quipu.h"

namespace quipu::gpu {

/// The figures of one card with such a chip; for other cards their proportion
/// counts. Rates are per nanosecond, of the whole card.
struct Chip {
  llvm::StringRef name; ///< LLVM's
  llvm::StringRef card;
  int64_t multiprocessors;
  int64_t sharedBytes; ///< dynamic shared memory that a block can have
  double clock;        ///< cycles per nanosecond, at most
  double bytes;        ///< that are read from memory
  double operations;   ///< on f16 by tensor cores, a multiply-add being two
  int64_t floatLanes;  ///< multiply-adds of f32 a cycle and multiprocessor

  /// Read from the second-level cache. An estimate: 32 bytes a cycle and
  /// multiprocessor.
  double cachedBytes() const { return 32 * clock * multiprocessors; }
  double floatOperations() const {
    return 2 * static_cast<double>(floatLanes) * clock * multiprocessors;
  }
  /// Of special functions, as ex2: 16 a cycle and multiprocessor (CUDA C++
  /// Programming Guide, "Arithmetic Instructions").
  double exponentials() const { return 16 * clock * multiprocessors; }
};

const Chip &getChip(GpuAttr gpu);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_CHIP_H
