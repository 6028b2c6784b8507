//===- Experts.cpp - Which experts the tokens choose ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace {
constexpr float lowest = -std::numeric_limits<float>::infinity();

/// An expert or a group of them.
struct Ranked {
  float score;
  int32_t number;

  bool isBefore(const Ranked &other) const {
    return score > other.score ||
           (score == other.score && number < other.number);
  }
};

/// Before all.
constexpr Ranked none{-lowest, -1};

/// A token's scores, of experts in groups of `size` neighbours.
struct Choice {
  const float *scores, *bias;
  int32_t size, by;

  Ranked getExpert(int32_t expert) const {
    float score = scores[expert] + (bias ? bias[expert] : 0);
    return {std::isnan(score) ? lowest : score, expert};
  }

  /// By the highest score, or the sum of the two highest.
  Ranked getGroup(int32_t group) const {
    float first = lowest, second = lowest;
    for (int32_t i = 0; i < size; ++i) {
      float score = getExpert(group * size + i).score;
      second = std::max(second, std::min(first, score));
      first = std::max(first, score);
    }
    float sum = std::min(size, by) > 1 ? first + second : first;
    return {std::isnan(sum) ? lowest : sum, group};
  }

  /// The group behind `last`.
  Ranked findNextGroup(Ranked last, int32_t groups) const {
    Ranked next{lowest, groups};
    for (int32_t group = 0; group < groups; ++group)
      if (Ranked other = getGroup(group);
          last.isBefore(other) && other.isBefore(next))
        next = other;
    return next;
  }

  /// The expert behind `last`, of the groups up to `lastGroup`.
  Ranked findNext(Ranked last, int32_t groups, Ranked lastGroup) const {
    Ranked next{lowest, size * groups};
    for (int32_t group = 0; group < groups; ++group) {
      if (lastGroup.number >= 0 && lastGroup.isBefore(getGroup(group)))
        continue;
      for (int32_t i = 0; i < size; ++i)
        if (Ranked other = getExpert(group * size + i);
            last.isBefore(other) && other.isBefore(next))
          next = other;
    }
    return next;
  }
};
} // namespace

void quipu_top_k(const float *scores, int32_t experts, const float *bias,
                 int32_t count, int32_t groups, int32_t kept, int32_t by,
                 int32_t normalized, int32_t *ids, float *weights) {
  Choice choice{scores, bias, experts / groups, by};
  Ranked lastGroup = none; // where all are kept
  for (int32_t i = 0; kept < groups && i < kept; ++i)
    lastGroup = choice.findNextGroup(lastGroup, groups);
  Ranked last = none;
  float sum = 1e-20f;
  for (int32_t i = 0; i < count; ++i) {
    last = choice.findNext(last, groups, lastGroup);
    ids[i] = last.number;
    weights[i] = scores[last.number];
    sum += weights[i];
  }
  for (int32_t i = 0; normalized && i < count; ++i)
    weights[i] /= sum;
}

void quipu_sort_choices(const int32_t *ids, int32_t stride, int32_t tokens,
                        int32_t count, int32_t experts, int32_t together,
                        int32_t padding, int32_t *order, int32_t *first,
                        int32_t *tiles) {
  std::fill(first, first + experts + 1, 0);
  for (int32_t token = 0; token < tokens; ++token)
    for (int32_t i = 0; i < count; ++i)
      ++first[ids[token * stride + i] + 1];
  tiles[0] = 0;
  for (int32_t expert = 0; expert < experts; ++expert) {
    tiles[expert + 1] =
        tiles[expert] + (first[expert + 1] + together - 1) / together;
    first[expert + 1] += first[expert];
  }
  // The place of an expert's next choice moves on to its end, the next one's
  // beginning.
  for (int32_t token = 0; token < tokens; ++token)
    for (int32_t i = 0; i < count; ++i)
      order[first[ids[token * stride + i]]++] = token * count + i;
  std::copy_backward(first, first + experts, first + experts + 1);
  first[0] = 0;
  std::fill_n(order + static_cast<int64_t>(tokens) * count, padding, 0);
}
