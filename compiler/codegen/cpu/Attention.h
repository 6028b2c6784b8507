//===- Attention.h - Attention over the cache -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One token and one key/value head at a time: the query heads that share it
// against positions [begin, end) of the cache, where end = position + 1. The
// positions are cut at multiples of attentionBlock; each piece gives a partial
// result, which is merged with that of the pieces before. So the bits depend on
// begin and end only.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_ATTENTION_H
#define QUIPU_COMPILER_CODEGEN_CPU_ATTENTION_H

#include "compiler/codegen/cpu/HalideOps.h"

namespace quipu::cpu {

/// Positions of one piece.
inline constexpr int64_t attentionBlock = 256;

struct AttentionShape {
  int64_t headDim;    // a multiple of 16
  int64_t queryHeads; // that share the key/value head
  bool isHalf;        // cache in f16, otherwise f32
  float scale;
  float softCap = 0;     // cap * tanh(score / cap); 0: none
  bool hasSinks = false; // one more logit per query head, without a value

  /// Floats of one query head's partial result: the sum of values weighted with
  /// exp(score - largest), then `largest`, then the sum of the weights.
  int64_t partialStride() const { return headDim + 16; }
};

struct AttentionKernel {
  std::vector<Halide::Argument> arguments;
  Halide::Pipeline pipeline;
};

/// kernel(query, keys, values, begin, end, partial): query f32
/// [queryHeads][headDim]; keys and values of one slot and head, see
/// runtime/Abi.h; 0 <= begin < end, both in the same piece; partial f32
/// [queryHeads][partialStride()].
AttentionKernel attentionPiece(AttentionShape shape);

/// kernel(partials, partial): two partial results, f32
/// [2][queryHeads][partialStride()], become one, which may lie where the first
/// of them was.
AttentionKernel attentionMerge(AttentionShape shape);

/// kernel(partial, [sinks,] result): sinks f32 [queryHeads], result f32
/// [queryHeads][headDim].
AttentionKernel attentionFinish(AttentionShape shape);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_ATTENTION_H
