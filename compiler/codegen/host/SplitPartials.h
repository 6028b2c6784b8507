//===- SplitPartials.h - What split attention keeps -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Steps of a GPU with few tokens cut their attention into splits. Of
// abi::StepArgs::partials such a step has, one behind the other,
//
//   counters, zero between kernels: i32 [query tiles][heads of the cache]
//   partial results: f32 [tokens][query heads][splits][row numbers]
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_HOST_SPLITPARTIALS_H
#define QUIPU_COMPILER_CODEGEN_HOST_SPLITPARTIALS_H

#include "abi/Abi.h"

namespace quipu {

/// Rows of a CPU's attention, query heads of tokens, that are computed together
/// at most: their queries and sums lie on a worker's stack.
inline constexpr int64_t maxQueryRows = 128;

/// How many of the query heads on one head of a cache a CPU computes together,
/// in a step of so many tokens.
constexpr int64_t getQueryGroup(int64_t tokens, int64_t queryHeads) {
  int64_t most = maxQueryRows / (tokens == 1 ? 1 : abi::maxQueryTile);
  while (queryHeads > most && queryHeads % 2 == 0)
    queryHeads /= 2;
  return queryHeads;
}

/// The most tokens of a step whose attention is split.
inline constexpr int64_t maxSplitTokens = 16;
inline constexpr int64_t maxSplitHeads = 1024; ///< of the cache
inline constexpr int64_t splitCounterBytes =
    maxSplitTokens * maxSplitHeads * int64_t(sizeof(int32_t));

/// The sum of a row's values, its largest score, three of padding, and four
/// sums of weights.
constexpr int64_t getSplitRowNumbers(int64_t valueDim) { return valueDim + 8; }

/// What Program::partialBytes must be for a step, which has
/// splitThreshold * maxSplits of it.
constexpr int64_t getSplitPartialBytes(int64_t tokens, int64_t queryHeads,
                                       int64_t valueDim) {
  int64_t rows = tokens * queryHeads;
  int64_t bytes = splitCounterBytes +
                  rows * getSplitRowNumbers(valueDim) * int64_t(sizeof(float));
  return (bytes + abi::splitThreshold - 1) / abi::splitThreshold;
}

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_HOST_SPLITPARTIALS_H
