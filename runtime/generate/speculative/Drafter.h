//===- Drafter.h - Guesses of how a text goes on ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTER_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTER_H

#include <cstdint>
#include <string>
#include <vector>

namespace quipu {

/// Guesses tokens, which the model then checks together in one step. A bad
/// guess costs time and never changes the text.
class Drafter {
public:
  virtual ~Drafter() = default;

  /// Sets `drafted` to at most `most` tokens, each of the vocabulary, that may
  /// follow `text`. Returns a sentence when it cannot draft any longer.
  virtual std::string draft(const std::vector<int32_t> &text, int32_t most,
                            std::vector<int32_t> &drafted) = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTER_H
