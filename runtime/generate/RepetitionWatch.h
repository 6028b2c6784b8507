//===- RepetitionWatch.h - Texts that repeat themselves ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_REPETITIONWATCH_H
#define QUIPU_RUNTIME_GENERATE_REPETITIONWATCH_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quipu {

/// Sees when a text goes on repeating its last tokens, as small models do.
class RepetitionWatch {
public:
  /// Tells of the text's next token. True when its last 128 tokens or more are
  /// one passage, of at most 128 tokens, three times or more.
  bool add(int32_t token);

private:
  static constexpr size_t longestPassage = 128, leastTokens = 128,
                          leastTimes = 3;

  std::vector<int32_t> text;
  /// How many of the last tokens are the same as those so many before them.
  std::array<size_t, longestPassage + 1> same = {};
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_REPETITIONWATCH_H
