//===- Attention.h - Attention over the cache -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A query tile, tokens at consecutive positions, and one key/value head at a
// time: the query heads that share it, for each token, are the rows. A row sees
// the positions up to its token's. The positions are cut at multiples of
// abi::pagePositions; each split gives a partial result, and all of a row's
// together its result.
//
// A row's operations and their order depend on its own positions only: others
// have a weight of exactly 0, and a split without any adds exactly 0. So the
// bits of a token do not depend on its query tile.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_HALIDE_ATTENTION_H
#define QUIPU_COMPILER_CODEGEN_CPU_HALIDE_ATTENTION_H

#include "compiler/codegen/cpu/halide/HalideOps.h"

namespace quipu::cpu {

struct AttentionShape {
  abi::KvLayout cache;
  int64_t queryHeads;  // of those that share the key/value head
  bool isFull = false; // a token sees those behind it, too
  float scale;
  int64_t window = 0;    // positions that a token sees; 0: all
  float softCap = 0;     // cap * tanh(score / cap); 0: none
  bool hasSinks = false; // one more logit per query head, without a value
  int64_t tokens = 1;    // of a query tile
  int64_t sums = 24;     // vectors of 16 floats that fit in registers

  int64_t rows() const { return tokens * queryHeads; }
  /// Floats of one row's partial result: the sum of values weighted with
  /// exp(score - largest), then `largest`, then the sum of the weights.
  int64_t partialStride() const { return (cache.valueDim + 31) / 16 * 16; }
  int64_t partialBytes() const {
    return rows() * partialStride() * sizeof(float);
  }
};

/// Tells all functions of attention in a program apart.
std::string getAttentionName(const AttentionShape &shape, bool isSplitKernel);

/// kernel(query, keys, [their scales,] [values, [their scales,]] from, end,
/// count, stride, partial): query f32
/// [tokens, `stride` floats apart][queryHeads][keyDim], of which `count` tokens
/// exist; keys and values of one head in a page, whose first position is
/// `from`, see abi/KvLayout.h; the first token, in full attention each, sees
/// positions before `end`; partial f32 [tokens][queryHeads][partialStride()].
HalideFunction attentionSplit(const AttentionShape &shape);

/// kernel(partials, [sinks,] splits, count, stride, result): partials f32
/// [splits][tokens][queryHeads][partialStride()]; sinks f32 [queryHeads];
/// result f32 [count, `stride` floats apart][queryHeads][valueDim].
HalideFunction attentionCombine(const AttentionShape &shape);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_ATTENTION_H
