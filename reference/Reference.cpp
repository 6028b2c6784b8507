//===- Reference.cpp - What each op computes, plainly ---------------------===//
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
#include <numeric>
#include <vector>

using namespace quipu;
using namespace quipu::reference;

/// In 16 partial sums, which the compiler keeps in vector registers.
static float multiply(const float *lhs, const float *rhs, int64_t size) {
  float sums[16] = {};
  int64_t i = 0;
  for (; i + 16 <= size; i += 16)
    for (int64_t lane = 0; lane < 16; ++lane)
      sums[lane] += lhs[i + lane] * rhs[i + lane];
  for (int64_t lane = 0; i < size; ++i, ++lane)
    sums[lane] += lhs[i] * rhs[i];
  double sum = 0;
  for (float partial : sums)
    sum += partial;
  return static_cast<float>(sum);
}

static float silu(float x) { return x / (1 + std::exp(-x)); }

void quipu_reference_embed(const int32_t *ids, const void *weight,
                           int32_t format, int64_t columns, float *result,
                           int64_t resultStride, int64_t begin, int64_t end) {
  WeightLayout layout{findWeightFormat(uint32_t(format)), 0, columns};
  for (int64_t t = begin; t < end; ++t)
    readWeightRow(weight, layout, ids[t], getRow(result, resultStride, t));
}

void quipu_reference_copy(const void *input, int64_t inputStride, int64_t bytes,
                          void *result, int64_t resultStride, int64_t begin,
                          int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    std::memmove(getRow(result, resultStride, t), getRow(input, inputStride, t),
                 bytes);
}

void quipu_reference_gather(const void *input, int64_t inputStride,
                            const int32_t *rows, int64_t bytes, void *result,
                            int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    std::memcpy(getRow(result, resultStride, t),
                getRow(input, inputStride, rows[t]), bytes);
}

void quipu_reference_linear(const void *input, int64_t inputStride,
                            int32_t inputType, const void *weight,
                            int32_t format, int64_t n, int64_t k,
                            const float *bias, float *result,
                            int64_t resultStride, int64_t begin, int64_t end) {
  if (begin == end)
    return;
  std::vector<float> dequantized((end - begin) * k);
  for (int64_t t = begin; t < end; ++t)
    quipu_reference_dequantize(getRow(input, inputStride, t), k, inputType,
                               &dequantized[(t - begin) * k]);
  WeightLayout layout{findWeightFormat(uint32_t(format)), n, k};
  std::vector<float> weights(k);
  for (int64_t row = 0; row < n; ++row) {
    readWeightRow(weight, layout, row, weights.data());
    for (int64_t t = begin; t < end; ++t)
      getRow(result, resultStride, t)[row] =
          multiply(weights.data(), &dequantized[(t - begin) * k], k) +
          (bias ? bias[row] : 0);
  }
}

void quipu_reference_linear_of(
    const void *input, int64_t inputStride, int64_t each, int32_t inputType,
    const int32_t *ids, int64_t idsStride, int64_t chosen, const void *weight,
    int32_t format, int64_t n, int64_t k, const float *bias, float *result,
    int64_t resultStride, int64_t begin, int64_t end) {
  WeightLayout layout{findWeightFormat(uint32_t(format)), n, k};
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < chosen; ++i) {
      int64_t id = ids ? getRow(ids, idsStride, t)[i] : i;
      quipu_reference_linear(
          static_cast<const char *>(getRow(input, inputStride, t)) + i * each,
          0, inputType, static_cast<const char *>(weight) + id * layout.bytes(),
          format, n, k, bias ? bias + id * n : nullptr,
          getRow(result, resultStride, t) + i * n, 0, 0, 1);
    }
}

void quipu_reference_rms_norm(const float *input, int64_t inputStride,
                              const float *weight, int64_t weights, float eps,
                              int64_t groups, int64_t size, float *result,
                              int64_t resultStride, int64_t begin,
                              int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      const float *x = getRow(input, inputStride, t) + group * size;
      float *y = getRow(result, resultStride, t) + group * size;
      double squares = 0;
      for (int64_t i = 0; i < size; ++i)
        squares += double(x[i]) * x[i];
      float inverse = static_cast<float>(1 / std::sqrt(squares / size + eps));
      for (int64_t i = 0; i < size; ++i)
        y[i] = x[i] * inverse *
               (weights ? weight[(group * size + i) % weights] : 1);
    }
}

void quipu_reference_layer_norm(const float *input, int64_t inputStride,
                                const float *weight, int64_t weights,
                                const float *bias, int64_t biases, float eps,
                                int64_t groups, int64_t size, float *result,
                                int64_t resultStride, int64_t begin,
                                int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      const float *x = getRow(input, inputStride, t) + group * size;
      float *y = getRow(result, resultStride, t) + group * size;
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < size; ++i)
        sum += x[i];
      double mean = sum / size;
      for (int64_t i = 0; i < size; ++i)
        squares += (x[i] - mean) * (x[i] - mean);
      double deviation = std::sqrt(squares / size + eps);
      for (int64_t i = 0; i < size; ++i) {
        int64_t column = group * size + i;
        double scale = weights ? weight[column % weights] : 1;
        double offset = biases ? bias[column % biases] : 0;
        y[i] = static_cast<float>((x[i] - mean) / deviation * scale + offset);
      }
    }
}

/// `size` numbers as a row of `type`.
static void quantizeRow(const float *x, int64_t size, int32_t type, char *row) {
  if (type == BF16) {
    std::transform(x, x + size, reinterpret_cast<uint16_t *>(row), toBFloat);
    return;
  }
  if (type == F16) {
    std::transform(x, x + size, reinterpret_cast<uint16_t *>(row),
                   [](float number) {
                     return toHalf(std::clamp(number, -65504.0f, 65504.0f));
                   });
    return;
  }
  QuantizedRowLayout layout{size};
  auto *values = reinterpret_cast<int8_t *>(row);
  auto *scales = reinterpret_cast<float *>(row + layout.scaleOffset());
  auto *starts = reinterpret_cast<int32_t *>(row + layout.startOffset());
  auto *sums = reinterpret_cast<float *>(row + layout.sumOffset());
  auto *halfStarts =
      reinterpret_cast<int32_t *>(row + layout.halfStartOffset());
  auto *halfSums = reinterpret_cast<float *>(row + layout.halfSumOffset());
  for (int64_t block = 0; block < layout.blocks(); ++block) {
    float largest = 0;
    for (int64_t i = 0; i < blockSize; ++i)
      largest = std::max(largest, std::fabs(x[block * blockSize + i]));
    float scale = largest / 127;
    int32_t sum[2] = {};
    for (int64_t i = 0; i < blockSize; ++i) {
      int64_t at = block * blockSize + i;
      values[at] = scale == 0 ? 0 : int8_t(std::nearbyint(x[at] / scale));
      sum[i / (blockSize / 2)] += values[at];
    }
    scales[block] = scale;
    starts[block] = -128 * (sum[0] + sum[1]);
    sums[block] = 16 * scale * float(sum[0] + sum[1]);
    for (int64_t half = 0; half < 2; ++half) {
      halfStarts[2 * block + half] = -128 * sum[half];
      halfSums[2 * block + half] = 16 * scale * float(sum[half]);
    }
  }
}

void quipu_reference_quantize(const float *input, int64_t inputStride,
                              int64_t groups, int64_t size, int32_t type,
                              void *result, int64_t resultStride, int64_t each,
                              int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t group = 0; group < groups; ++group)
      quantizeRow(getRow(input, inputStride, t) + group * size, size, type,
                  static_cast<char *>(getRow(result, resultStride, t)) +
                      group * each);
}

void quipu_reference_dequantize(const void *row, int64_t size, int32_t type,
                                float *result) {
  auto *bytes = static_cast<const char *>(row);
  if (type == F32) {
    std::memcpy(result, row, size * sizeof(float));
    return;
  }
  if (type == BF16) {
    auto *numbers = static_cast<const uint16_t *>(row);
    std::transform(numbers, numbers + size, result, fromBFloat);
    return;
  }
  if (type == F16) {
    auto *numbers = static_cast<const uint16_t *>(row);
    std::transform(numbers, numbers + size, result, fromHalf);
    return;
  }
  auto *values = reinterpret_cast<const int8_t *>(bytes);
  auto *scales = reinterpret_cast<const float *>(
      bytes + QuantizedRowLayout{size}.scaleOffset());
  for (int64_t i = 0; i < size; ++i)
    result[i] = scales[i / blockSize] * float(values[i]);
}

void quipu_reference_cache_write(
    const abi::StepArgs *args, int64_t pool, int64_t pageNumbers, int64_t place,
    int32_t cacheType, int64_t heads, int64_t keyDim, int64_t valueDim,
    int32_t valuesInKeys, const float *key, int64_t keyStride,
    const float *value, int64_t valueStride, int64_t begin, int64_t end) {
  abi::KvLayout layout{abi::CacheType{cacheType}, heads, keyDim, valueDim,
                       valuesInKeys != 0};
  const abi::PagePool &pages = args->pools[pool];
  LayerCache keys(pages, pageNumbers, place, LayerCache::Keys, layout);
  LayerCache values(pages, pageNumbers, place, LayerCache::Values, layout);
  for (int64_t t = begin; t < end; ++t)
    for (int64_t head = 0; head < heads; ++head) {
      CachePlace at{args->sequences[t], head, args->positions[t], 0};
      keys.write(at, getRow(key, keyStride, t) + head * keyDim);
      if (!valuesInKeys)
        values.write(at, getRow(value, valueStride, t) + head * valueDim);
    }
}

void quipu_reference_attention(
    const abi::StepArgs *args, int64_t pool, int64_t pageNumbers, int64_t place,
    int32_t cacheType, int64_t cachedHeads, int64_t keyDim, int64_t valueDim,
    int32_t valuesInKeys, const float *query, int64_t queryStride,
    int64_t heads, int32_t full, float scale, int64_t window, float softCap,
    const float *sinks, float *result, int64_t resultStride, int64_t begin,
    int64_t end) {
  abi::KvLayout layout{abi::CacheType{cacheType}, cachedHeads, keyDim, valueDim,
                       valuesInKeys != 0};
  const abi::PagePool &pages = args->pools[pool];
  LayerCache keys(pages, pageNumbers, place, LayerCache::Keys, layout);
  LayerCache values(pages, pageNumbers, place,
                    valuesInKeys ? LayerCache::Keys : LayerCache::Values,
                    layout);
  std::vector<float> scores;
  std::vector<double> sum(valueDim);
  for (int64_t t = begin; t < end; ++t)
    for (int64_t head = 0; head < heads; ++head) {
      const float *q = getRow(query, queryStride, t) + head * keyDim;
      int64_t last = full ? args->ends[t] - 1 : args->positions[t];
      int64_t first = window ? std::max<int64_t>(0, last - window + 1) : 0;
      CachePlace at{args->sequences[t], head / (heads / cachedHeads), 0, 0};
      scores.resize(last + 1);

      float largest = sinks ? sinks[head] : -INFINITY;
      for (at.position = first; at.position <= last; ++at.position) {
        double score = 0;
        for (at.component = 0; at.component < keyDim; ++at.component)
          score += q[at.component] * keys.read(at);
        float &kept = scores[at.position];
        kept = static_cast<float>(score) * scale;
        if (softCap != 0)
          kept = softCap * std::tanh(kept / softCap);
        largest = std::max(largest, kept);
      }

      double total = sinks ? std::exp(sinks[head] - largest) : 0;
      std::fill(sum.begin(), sum.end(), 0);
      for (at.position = first; at.position <= last; ++at.position) {
        float weight = std::exp(scores[at.position] - largest);
        total += weight;
        for (at.component = 0; at.component < valueDim; ++at.component)
          sum[at.component] += weight * values.read(at);
      }
      for (int64_t i = 0; i < valueDim; ++i)
        getRow(result, resultStride, t)[head * valueDim + i] =
            static_cast<float>(sum[i] / total);
    }
}

void quipu_reference_l2_norm(const float *input, int64_t inputStride,
                             int64_t groups, int64_t size, float *result,
                             int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      const float *x = getRow(input, inputStride, t) + group * size;
      float *y = getRow(result, resultStride, t) + group * size;
      double squares = 0;
      for (int64_t i = 0; i < size; ++i)
        squares += double(x[i]) * x[i];
      double length = std::max(std::sqrt(squares), 1e-12);
      for (int64_t i = 0; i < size; ++i)
        y[i] = static_cast<float>(x[i] / length);
    }
}

void quipu_reference_swiglu(const float *gate, int64_t gateStride,
                            const float *up, int64_t upStride, int64_t size,
                            float *result, int64_t resultStride, int64_t begin,
                            int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i)
      getRow(result, resultStride, t)[i] =
          silu(getRow(gate, gateStride, t)[i]) * getRow(up, upStride, t)[i];
}

void quipu_reference_add(const float *lhs, int64_t lhsStride, const float *rhs,
                         int64_t rhsStride, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i)
      getRow(result, resultStride, t)[i] =
          getRow(lhs, lhsStride, t)[i] + getRow(rhs, rhsStride, t)[i];
}

void quipu_reference_mul(const float *lhs, int64_t lhsStride, const float *rhs,
                         int64_t rhsStride, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i)
      getRow(result, resultStride, t)[i] =
          getRow(lhs, lhsStride, t)[i] * getRow(rhs, rhsStride, t)[i];
}

void quipu_reference_scale(const float *input, int64_t inputStride,
                           float factor, int64_t size, float *result,
                           int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i)
      getRow(result, resultStride, t)[i] =
          getRow(input, inputStride, t)[i] * factor;
}

void quipu_reference_clamp(const float *input, int64_t inputStride, float from,
                           float to, int64_t size, float *result,
                           int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i) {
      float x = getRow(input, inputStride, t)[i];
      getRow(result, resultStride, t)[i] = x < from ? from : x > to ? to : x;
    }
}

void quipu_reference_concat(const float *lhs, int64_t lhsStride,
                            int64_t lhsHeads, int64_t lhsDim, const float *rhs,
                            int64_t rhsStride, int64_t rhsHeads, int64_t rhsDim,
                            float *result, int64_t resultStride, int64_t begin,
                            int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t head = 0; head < std::max(lhsHeads, rhsHeads); ++head) {
      const float *x = getRow(lhs, lhsStride, t) + head % lhsHeads * lhsDim;
      const float *y = getRow(rhs, rhsStride, t) + head % rhsHeads * rhsDim;
      float *joined =
          getRow(result, resultStride, t) + head * (lhsDim + rhsDim);
      std::copy(y, y + rhsDim, std::copy(x, x + lhsDim, joined));
    }
}

/// Not a number when there is no such kind.
static float activate(abi::Activation kind, float x) {
  switch (kind) {
  case abi::Activation::Silu:
    return silu(x);
  case abi::Activation::Gelu:
    return 0.5f * x * (1 + std::erf(x * 0.70710678f));
  case abi::Activation::GeluTanh:
    return 0.5f * x *
           (1 + std::tanh(0.79788456f * (x + 0.044715f * x * x * x)));
  case abi::Activation::Relu:
    return std::max(x, 0.0f);
  case abi::Activation::Sigmoid:
    return 1 / (1 + std::exp(-x));
  case abi::Activation::Tanh:
    return std::tanh(x);
  }
  return NAN;
}

void quipu_reference_activate(const float *input, int64_t inputStride,
                              int32_t kind, int64_t size, float *result,
                              int64_t resultStride, int64_t begin,
                              int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i)
      getRow(result, resultStride, t)[i] =
          activate(abi::Activation(kind), getRow(input, inputStride, t)[i]);
}

void quipu_reference_softmax(const float *input, int64_t inputStride,
                             int64_t groups, int64_t size, float *result,
                             int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      const float *x = getRow(input, inputStride, t) + group * size;
      float *y = getRow(result, resultStride, t) + group * size;
      float largest = *std::max_element(x, x + size);
      double total = 0;
      for (int64_t i = 0; i < size; ++i)
        total += y[i] = std::exp(x[i] - largest);
      for (int64_t i = 0; i < size; ++i)
        y[i] = static_cast<float>(y[i] / total);
    }
}

/// As DeepSeek-V3's code does: what is not to be chosen scores minus infinity.
void quipu_reference_top_k(const float *scores, int64_t scoresStride,
                           int64_t experts, const float *bias, int64_t count,
                           int64_t groups, int64_t kept, int64_t by,
                           int32_t normalized, int32_t *ids, int64_t idsStride,
                           float *weights, int64_t weightsStride, int64_t begin,
                           int64_t end) {
  // Numbers from the highest of what they stand for down.
  auto rank = [](const std::vector<float> &of) {
    std::vector<int64_t> ranked(of.size());
    std::iota(ranked.begin(), ranked.end(), 0);
    std::sort(ranked.begin(), ranked.end(), [&](int64_t a, int64_t b) {
      return of[a] != of[b] ? of[a] > of[b] : a < b;
    });
    return ranked;
  };
  int64_t size = experts / groups;
  for (int64_t t = begin; t < end; ++t) {
    const float *row = getRow(scores, scoresStride, t);
    std::vector<float> biased(row, row + experts), best(groups, -INFINITY);
    for (int64_t i = 0; i < experts; ++i) {
      biased[i] += bias ? bias[i] : 0;
      biased[i] = std::isnan(biased[i]) ? -INFINITY : biased[i];
    }
    for (int64_t group = 0; group < groups; ++group) {
      std::vector<float> members(biased.begin() + group * size,
                                 biased.begin() + (group + 1) * size);
      std::sort(members.rbegin(), members.rend());
      float sum = members[0] + (size > 1 && by > 1 ? members[1] : 0);
      best[group] = std::isnan(sum) ? -INFINITY : sum;
    }
    std::vector<int64_t> groupRank = rank(best);
    std::vector<bool> isKept(groups);
    for (int64_t i = 0; i < kept; ++i)
      isKept[groupRank[i]] = true;
    std::vector<int64_t> chosen = rank(biased);
    std::erase_if(chosen, [&](int64_t id) { return !isKept[id / size]; });
    double sum = 1e-20;
    for (int64_t i = 0; i < count; ++i)
      sum += row[chosen[i]];
    for (int64_t i = 0; i < count; ++i) {
      getRow(ids, idsStride, t)[i] = static_cast<int32_t>(chosen[i]);
      getRow(weights, weightsStride, t)[i] =
          normalized ? static_cast<float>(row[chosen[i]] / sum)
                     : row[chosen[i]];
    }
  }
}

void quipu_reference_sum(const float *input, int64_t inputStride,
                         const float *weights, int64_t weightsStride,
                         int64_t count, int64_t size, float *result,
                         int64_t resultStride, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t i = 0; i < size; ++i) {
      double sum = 0;
      for (int64_t k = 0; k < count; ++k)
        sum += double(getRow(weights, weightsStride, t)[k]) *
               getRow(input, inputStride, t)[k * size + i];
      getRow(result, resultStride, t)[i] = static_cast<float>(sum);
    }
}
