//===- RandomWeights.h - Weights that are made at the start -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_RANDOMWEIGHTS_H
#define QUIPU_RUNTIME_ENGINE_RANDOMWEIGHTS_H

#include "abi/Abi.h"

namespace quipu {

/// The packed weights of a program that has none, whose Program::weights is
/// null. Their bytes depend on their place and the program's seed alone.
class RandomWeights {
public:
  explicit RandomWeights(const abi::Program &program);

  /// Makes `bytes` of them, from byte `offset` on; both are multiples of 64.
  /// Threads may call it at the same time.
  void fill(uint64_t offset, uint64_t bytes, void *to) const;

private:
  /// Numbers of 16 bits to draw from.
  struct Table {
    static constexpr int bits = 12;
    uint16_t numbers[1 << bits];

    explicit Table(uint16_t (*convert)(float));
    uint64_t drawFour(uint64_t random) const;
  };

  void fillWeight(const abi::RandomWeight &weight, uint64_t from, uint64_t end,
                  char *to) const;
  void fillPart(const abi::RandomPart &part, uint64_t first, uint64_t end,
                char *to) const;

  const abi::Program &program;
  uint64_t key;
  Table f16, bf16;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_RANDOMWEIGHTS_H
