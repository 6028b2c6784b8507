//===- DraftLength.h - How many tokens are worth drafting -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTLENGTH_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTLENGTH_H

#include <array>
#include <cstddef>
#include <cstdint>

namespace quipu {

/// Learns how often drafted tokens are accepted and how long a round (draft,
/// step, sampling) takes, and says which number of drafted tokens should give
/// the most text per second.
class DraftLength {
public:
  /// With the token before them they fill the rows that kernels compute
  /// together.
  static constexpr std::array<int32_t, 5> lengths = {0, 1, 3, 7, 15};

  int32_t best() const;
  void learn(int32_t drafted, int32_t accepted, double seconds);

private:
  /// For each length: of its tokens that no shorter one has, the share that is
  /// accepted after accepted ones; and what a round takes, 0 if not known yet.
  std::array<double, lengths.size()> acceptance = {1, 0.7, 0.7, 0.7, 0.7};
  std::array<double, lengths.size()> seconds = {};
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTLENGTH_H
