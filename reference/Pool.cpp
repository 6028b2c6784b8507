//===- Pool.cpp - What quipu.pool computes, plainly -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Pooling.h"
#include "reference/Reference.h"
#include "reference/ReferenceStorage.h"
#include <algorithm>
#include <cmath>

using namespace quipu;
using namespace quipu::reference;

/// What is kept of a sequence's rows, after one that is not the first.
static float pool(abi::Pooling kind, float before, float number) {
  switch (kind) {
  case abi::Pooling::Mean:
  case abi::Pooling::MeanSqrtLen:
    return before + number;
  case abi::Pooling::Max:
    return std::max(before, number);
  case abi::Pooling::First:
    return before;
  case abi::Pooling::Last:
    return number;
  }
  return NAN;
}

// The step's tokens are one worker's, see LowerKernelsToReference.
void quipu_reference_pool(const abi::StepArgs *args, int64_t sum, int32_t kind,
                          const float *input, int64_t inputStride, int64_t size,
                          float *result, int64_t resultStride, int64_t begin,
                          int64_t end) {
  auto pooling = abi::Pooling(kind);
  for (int64_t t = begin; t < end; ++t) {
    float *kept = args->sums[sum] + args->sequences[t] * size;
    int64_t position = args->positions[t];
    const float *x = getRow(input, inputStride, t);
    float *y = getRow(result, resultStride, t);
    for (int64_t i = 0; i < size; ++i) {
      kept[i] = position == 0 ? x[i] : pool(pooling, kept[i], x[i]);
      y[i] = kept[i];
      if (pooling == abi::Pooling::Mean)
        y[i] /= float(position + 1);
      if (pooling == abi::Pooling::MeanSqrtLen)
        y[i] /= std::sqrt(float(position + 1));
    }
  }
}
