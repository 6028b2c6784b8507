//===- Rope.cpp - Rotary positions, plainly -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "reference/Reference.h"
#include "reference/ReferenceStorage.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

using namespace quipu;
using namespace quipu::reference;

namespace {
/// A rotation's parameters, as quipu_reference_rope_angles takes them.
struct Rope {
  double dims, theta;
  abi::RopeScaling scaling;
  double factor, originalContext, low, high, betaFast, betaSlow;
  bool truncate;
};
} // namespace

/// How much slower than without scaling a pair turns that would turn `turns`
/// times in the original context, in a sequence of `length` tokens.
static double getStretch(const Rope &rope, double pair, double turns,
                         double length) {
  switch (rope.scaling) {
  case abi::RopeScaling::None:
  case abi::RopeScaling::Longrope:
    return 1;
  case abi::RopeScaling::Dynamic: {
    double longest = std::max(length, rope.originalContext);
    double growth =
        rope.factor * longest / rope.originalContext - (rope.factor - 1);
    return std::pow(growth, 2 * pair / (rope.dims - 2));
  }
  case abi::RopeScaling::Linear:
    return rope.factor;
  case abi::RopeScaling::Llama3: {
    double keep =
        std::clamp((turns - rope.low) / (rope.high - rope.low), 0.0, 1.0);
    return 1 / ((1 - keep) / rope.factor + keep);
  }
  case abi::RopeScaling::Yarn: {
    // The pair that turns n times: turns(pair) = context / 2 pi theta^(-2 pair
    // / dims).
    auto getPair = [&](double n) {
      return rope.dims / 2.0 *
             std::log(rope.originalContext / (2 * std::numbers::pi * n)) /
             std::log(rope.theta);
    };
    double first = getPair(rope.betaFast), last = getPair(rope.betaSlow);
    first = std::max(rope.truncate ? std::floor(first) : first, 0.0);
    last = std::min(rope.truncate ? std::ceil(last) : last, rope.dims - 1.0);
    double width = last > first ? last - first : 0.001;
    double slow = std::clamp((pair - first) / width, 0.0, 1.0);
    return 1 / (slow / rope.factor + (1 - slow));
  }
  }
  return NAN;
}

void quipu_reference_rope_angles(
    const abi::StepArgs *args, int64_t dims, double theta, int32_t scaling,
    double factor, double originalContext, double low, double high,
    double betaFast, double betaSlow, double attention, int32_t truncate,
    const float *factors, const float *shortFactors, const int32_t *time,
    const int32_t *height, const int32_t *width, int64_t heightPairs,
    int64_t widthPairs, int32_t interleaved, float *result,
    int64_t resultStride, int64_t begin, int64_t end) {
  Rope rope{double(dims), theta,           abi::RopeScaling(scaling),
            factor,       originalContext, low,
            high,         betaFast,        betaSlow,
            truncate != 0};
  auto getPlace = [&](int64_t t, int64_t pair) {
    if (!time)
      return args->positions[t];
    // As transformers' apply_multimodal_rotary_pos_emb and
    // apply_interleaved_mrope of Qwen2-VL and Qwen3-VL.
    bool isHeight = interleaved ? pair % 3 == 1 && pair < 3 * heightPairs
                                : pair >= dims / 2 - widthPairs - heightPairs;
    bool isWidth = interleaved ? pair % 3 == 2 && pair < 3 * widthPairs
                               : pair >= dims / 2 - widthPairs;
    return isWidth ? width[t] : isHeight ? height[t] : time[t];
  };
  for (int64_t pair = 0; pair < dims / 2; ++pair) {
    double plain = std::pow(theta, -2.0 * pair / rope.dims);
    double turns = originalContext * plain / (2 * std::numbers::pi);
    for (int64_t t = begin; t < end; ++t) {
      int64_t length = args->lengths[t];
      const float *slower = shortFactors && double(length) <= originalContext
                                ? shortFactors
                                : factors;
      double frequency = plain / getStretch(rope, pair, turns, double(length)) /
                         (slower ? slower[pair] : 1);
      double angle = getPlace(t, pair) * frequency;
      float *row = getRow(result, resultStride, t) + 2 * pair;
      row[0] = static_cast<float>(std::cos(angle) * attention);
      row[1] = static_cast<float>(std::sin(angle) * attention);
    }
  }
}

void quipu_reference_rope(const float *input, int64_t inputStride,
                          const float *angles, int64_t anglesStride,
                          int32_t halves, int64_t heads, int64_t dim,
                          int64_t half, int64_t first, float *result,
                          int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t head = 0; head < heads; ++head) {
      const float *angle = getRow(angles, anglesStride, t);
      const float *x = getRow(input, inputStride, t) + head * dim;
      float *y = getRow(result, resultStride, t) + head * dim;
      std::memmove(y, x, dim * sizeof(float));
      for (int64_t i = 0; i < half; ++i) {
        int64_t one = first + (halves ? i : 2 * i);
        int64_t other = one + (halves ? half : 1);
        float cosine = angle[2 * i], sine = angle[2 * i + 1];
        float a = y[one], b = y[other];
        y[one] = a * cosine - b * sine;
        y[other] = b * cosine + a * sine;
      }
    }
}
