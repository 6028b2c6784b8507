//===- Reference.h - What each op computes, plainly -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function per compute op of Quipu.td, with its name: the meaning against
// which every backend is tested, and the kernels of `--target=reference`.
//
// A function computes the tokens `begin` ... `end` - 1. Token t of an
// activation is the row at `pointer + t * stride`, stride in bytes. A result
// may take the place of an operand in the ops that go number by number. Each
// number of a result depends on its own token only and is summed in one order,
// so that it has the same bits however the tokens are grouped. Weight matrices
// are packed as weights/WeightLayout.h says, vectors are f32.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_REFERENCE_REFERENCE_H
#define QUIPU_REFERENCE_REFERENCE_H

#include "abi/Abi.h"
#include "abi/Enums.h"
#include <cstdint>

namespace quipu::reference {
/// How the numbers of a row are stored: I8x32 as QuantizedRowLayout says.
enum RowType : int32_t { F32, I8x32, BF16, F16 };
} // namespace quipu::reference

extern "C" {

/// `weight` has `columns` columns; `format` is GGUF's number of
/// its format.
void quipu_reference_embed(const int32_t *ids, const void *weight,
                           int32_t format, int64_t columns, float *result,
                           int64_t resultStride, int64_t begin, int64_t end);

/// Copies `bytes` of each row: what a kernel yields unchanged.
void quipu_reference_copy(const void *input, int64_t inputStride, int64_t bytes,
                          void *result, int64_t resultStride, int64_t begin,
                          int64_t end);

/// Copies `bytes` of the rows that `rows` names.
void quipu_reference_gather(const void *input, int64_t inputStride,
                            const int32_t *rows, int64_t bytes, void *result,
                            int64_t resultStride, int64_t begin, int64_t end);

/// `weight` is [n][k]; `inputType` is a RowType; `bias` may be null.
void quipu_reference_linear(const void *input, int64_t inputStride,
                            int32_t inputType, const void *weight,
                            int32_t format, int64_t n, int64_t k,
                            const float *bias, float *result,
                            int64_t resultStride, int64_t begin, int64_t end);

/// `weight` is [experts][n][k], `bias` [experts][n] or null. For each of the
/// token's `chosen` ids a row of the result, [chosen][n]; that of the input is
/// `each` bytes behind the one before, 0 where all are one. Without ids they
/// are 0, 1, ...
void quipu_reference_linear_of(
    const void *input, int64_t inputStride, int64_t each, int32_t inputType,
    const int32_t *ids, int64_t idsStride, int64_t chosen, const void *weight,
    int32_t format, int64_t n, int64_t k, const float *bias, float *result,
    int64_t resultStride, int64_t begin, int64_t end);

/// A row is [groups][size], normalised over the size. Number i of the row is
/// multiplied by number i % weights of `weight`, which is null when `weights`
/// is 0.
void quipu_reference_rms_norm(const float *input, int64_t inputStride,
                              const float *weight, int64_t weights, float eps,
                              int64_t groups, int64_t size, float *result,
                              int64_t resultStride, int64_t begin, int64_t end);

/// The same around the mean; `bias` has as many numbers as `biases` says, and
/// is read like the weight.
void quipu_reference_layer_norm(const float *input, int64_t inputStride,
                                const float *weight, int64_t weights,
                                const float *bias, int64_t biases, float eps,
                                int64_t groups, int64_t size, float *result,
                                int64_t resultStride, int64_t begin,
                                int64_t end);

/// A row is [groups][size]; each group becomes one of `type`, a RowType, `each`
/// bytes behind the one before.
void quipu_reference_quantize(const float *input, int64_t inputStride,
                              int64_t groups, int64_t size, int32_t type,
                              void *result, int64_t resultStride, int64_t each,
                              int64_t begin, int64_t end);

/// The inverse, up to rounding: what a linear layer reads.
void quipu_reference_dequantize(const void *row, int64_t size, int32_t type,
                                float *result);

/// A row is [dims / 2][2]; `scaling` is an abi::RopeScaling, `factors` may be
/// null, and so may `shortFactors`, which take their place in sequences of at
/// most `originalContext` tokens. What a scaling does not need is not read.
/// `attention` is of cos and sin. In f64: Su 2021, section 3.2.2; Chen 2023
/// (linear); Llama 3.1's; Peng 2023, sections 3.2 and 3.4 (YaRN, whose ramp
/// begins and ends at whole pairs, as in the authors' code, when `truncate`);
/// Ding 2024 (LongRoPE); dynamic NTK as transformers has it. Where there are
/// places on three axes, else null, so many of the last pairs turn by those on
/// `height` and `width`, or, `interleaved`, of pairs in turn.
void quipu_reference_rope_angles(
    const quipu::abi::StepArgs *args, int64_t dims, double theta,
    int32_t scaling, double factor, double originalContext, double low,
    double high, double betaFast, double betaSlow, double attention,
    int32_t truncate, const float *factors, const float *shortFactors,
    const int32_t *time, const int32_t *height, const int32_t *width,
    int64_t heightPairs, int64_t widthPairs, int32_t interleaved, float *result,
    int64_t resultStride, int64_t begin, int64_t end);

/// A row is [heads][dim], one of the angles [half][2]; pairs are (i, i + half)
/// when `halves`, else (2i, 2i + 1), counted from component `first` on.
void quipu_reference_rope(const float *input, int64_t inputStride,
                          const float *angles, int64_t anglesStride,
                          int32_t halves, int64_t heads, int64_t dim,
                          int64_t half, int64_t first, float *result,
                          int64_t resultStride, int64_t begin, int64_t end);

/// Rows are [heads][keyDim] and [heads][valueDim]; `cacheType` is an
/// abi::CacheType. The layer's numbers begin at number `place` of a page of
/// pool `pool`, which has `pageNumbers` for each position. With `valuesInKeys`
/// a value is the first components of its key, and `value` is null.
void quipu_reference_cache_write(
    const quipu::abi::StepArgs *args, int64_t pool, int64_t pageNumbers,
    int64_t place, int32_t cacheType, int64_t heads, int64_t keyDim,
    int64_t valueDim, int32_t valuesInKeys, const float *key, int64_t keyStride,
    const float *value, int64_t valueStride, int64_t begin, int64_t end);

/// A row of the query is [heads][keyDim], of the result [heads][valueDim]; the
/// cache is as for cache_write, with `cachedHeads`. `full` is whether a token
/// sees those behind it. `window` and `softCap` are 0 when there are none,
/// `sinks` is then null.
void quipu_reference_attention(
    const quipu::abi::StepArgs *args, int64_t pool, int64_t pageNumbers,
    int64_t place, int32_t cacheType, int64_t cachedHeads, int64_t keyDim,
    int64_t valueDim, int32_t valuesInKeys, const float *query,
    int64_t queryStride, int64_t heads, int32_t full, float scale,
    int64_t window, float softCap, const float *sinks, float *result,
    int64_t resultStride, int64_t begin, int64_t end);

/// A row is [size]; `sum` is the number of the state that keeps a sequence's
/// row, `kind` an abi::Pooling.
void quipu_reference_pool(const quipu::abi::StepArgs *args, int64_t sum,
                          int32_t kind, const float *input, int64_t inputStride,
                          int64_t size, float *result, int64_t resultStride,
                          int64_t begin, int64_t end);

/// A row is [groups][size].
void quipu_reference_l2_norm(const float *input, int64_t inputStride,
                             int64_t groups, int64_t size, float *result,
                             int64_t resultStride, int64_t begin, int64_t end);

void quipu_reference_swiglu(const float *gate, int64_t gateStride,
                            const float *up, int64_t upStride, int64_t size,
                            float *result, int64_t resultStride, int64_t begin,
                            int64_t end);
void quipu_reference_add(const float *lhs, int64_t lhsStride, const float *rhs,
                         int64_t rhsStride, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end);
void quipu_reference_mul(const float *lhs, int64_t lhsStride, const float *rhs,
                         int64_t rhsStride, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end);

void quipu_reference_scale(const float *input, int64_t inputStride,
                           float factor, int64_t size, float *result,
                           int64_t resultStride, int64_t begin, int64_t end);

void quipu_reference_clamp(const float *input, int64_t inputStride, float from,
                           float to, int64_t size, float *result,
                           int64_t resultStride, int64_t begin, int64_t end);

/// Rows are [lhsHeads][lhsDim] and [rhsHeads][rhsDim], where one head stands
/// for as many as the other has.
void quipu_reference_concat(const float *lhs, int64_t lhsStride,
                            int64_t lhsHeads, int64_t lhsDim, const float *rhs,
                            int64_t rhsStride, int64_t rhsHeads, int64_t rhsDim,
                            float *result, int64_t resultStride, int64_t begin,
                            int64_t end);

/// `kind` is an abi::Activation.
void quipu_reference_activate(const float *input, int64_t inputStride,
                              int32_t kind, int64_t size, float *result,
                              int64_t resultStride, int64_t begin, int64_t end);

/// A row is [groups][size].
void quipu_reference_softmax(const float *input, int64_t inputStride,
                             int64_t groups, int64_t size, float *result,
                             int64_t resultStride, int64_t begin, int64_t end);

/// Rows of the ids and weights are [count]. `bias` may be null; experts are
/// `groups` groups of neighbours, of which `kept` are chosen from.
void quipu_reference_top_k(const float *scores, int64_t scoresStride,
                           int64_t experts, const float *bias, int64_t count,
                           int64_t groups, int64_t kept, int64_t by,
                           int32_t normalized, int32_t *ids, int64_t idsStride,
                           float *weights, int64_t weightsStride, int64_t begin,
                           int64_t end);

/// A row of the input is [count][size], one of the weights [count].
void quipu_reference_sum(const float *input, int64_t inputStride,
                         const float *weights, int64_t weightsStride,
                         int64_t count, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end);
}

#endif // QUIPU_REFERENCE_REFERENCE_H
