//===- Sampler.cpp - Choosing the next token ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/Sampler.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace quipu;

// A GPU gets the same bits: no product and sum become one operation.
#pragma STDC FP_CONTRACT OFF

Random::Random(uint64_t seed) {
  next();
  state += seed;
  next();
}

uint32_t Random::next(uint64_t &state) {
  uint64_t old = state;
  state = old * 6364136223846793005u + 1442695040888963407u;
  uint32_t shifted = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
  int rotation = static_cast<int>(old >> 59);
  return shifted >> rotation | shifted << (-rotation & 31);
}

double quipu::expOf(double x) {
  using namespace abi::exponential;
  if (x < least)
    return 0;
  double k = x * log2e + toInteger - toInteger;
  double r = x - k * ln2High - k * ln2Low;
  double sum = coefficient(terms);
  for (int32_t i = terms - 1; i >= 0; --i)
    sum = sum * r + coefficient(i);
  return sum * std::bit_cast<double>((static_cast<int64_t>(k) + 1023) << 52);
}

Sampler::Sampler(const SamplerOptions &options)
    : current{.random = Random(options.seed).getState(),
              .temperature = options.temperature,
              .topK = options.topK,
              .topP = options.topP,
              .minP = options.minP,
              .repeatPenalty = options.repeatPenalty,
              .accepted = 0,
              .recent = {}} {}

void Sampler::accept(int32_t token) {
  current.recent[current.accepted++ % abi::SamplerState::window] = token;
}

using Lanes = float __attribute__((vector_size(16)));

/// The first of the highest logits; NaN is never the highest.
static int32_t findHighest(const float *logits, int32_t count) {
  constexpr int32_t width = 4, vectors = 4;
  constexpr float none = -INFINITY;
  Lanes highestOf[vectors];
  for (Lanes &lanes : highestOf)
    lanes = Lanes{none, none, none, none};
  int32_t i = 0;
  while (i + width * vectors <= count)
    for (Lanes &lanes : highestOf) {
      Lanes next;
      memcpy(&next, logits + i, sizeof(next));
      lanes = next > lanes ? next : lanes;
      i += width;
    }
  float highest = none;
  for (const Lanes &lanes : highestOf)
    for (int32_t lane = 0; lane < width; ++lane)
      highest = std::max(highest, lanes[lane]);
  for (; i < count; ++i)
    highest = logits[i] > highest ? logits[i] : highest;
  return highest == none
             ? 0
             : static_cast<int32_t>(std::find(logits, logits + count, highest) -
                                    logits);
}

/// Makes recent tokens less probable; the candidates are all tokens.
void Sampler::penalize() {
  std::vector<int32_t> distinct(
      current.recent,
      current.recent + std::min<uint32_t>(current.accepted, current.window));
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (int32_t token : distinct) {
    float &logit = candidates[token].logit;
    logit = logit <= 0 ? logit * current.repeatPenalty
                       : logit / current.repeatPenalty;
  }
}

int32_t Sampler::choose(const float *logits, int32_t vocabulary,
                        std::span<const uint64_t> allowed) {
  // For a large vocabulary the rest takes 0.3 ms, half of a GPU's token.
  if (current.temperature <= 0 && current.repeatPenalty == 1 && allowed.empty())
    return findHighest(logits, vocabulary);
  candidates.resize(vocabulary);
  for (int32_t i = 0; i < vocabulary; ++i)
    candidates[i] = {std::isnan(logits[i]) ? -INFINITY : logits[i], i};
  if (current.repeatPenalty != 1)
    penalize();
  if (!allowed.empty())
    std::erase_if(candidates, [&](const Candidate &candidate) {
      auto token = static_cast<uint32_t>(candidate.token);
      return !(allowed[token / 64] >> (token % 64) & 1);
    });

  if (current.temperature <= 0) {
    auto less = [](const Candidate &a, const Candidate &b) {
      return a.logit < b.logit;
    };
    return std::max_element(candidates.begin(), candidates.end(), less)->token;
  }
  keepTopK();
  keepTopP();
  keepMinP();
  return draw();
}

void Sampler::keepTopK() {
  auto before = [](const Candidate &a, const Candidate &b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  size_t kept = candidates.size();
  if (current.topK > 0)
    kept = std::min<size_t>(kept, current.topK);
  std::partial_sort(candidates.begin(), candidates.begin() + kept,
                    candidates.end(), before);
  candidates.resize(kept);
}

/// A probability up to the common factor; the first candidate's is 1.
static double weight(float logit, float highest, float temperature) {
  // Equal infinities have no difference.
  return logit == highest ? 1 : expOf((double(logit) - highest) / temperature);
}

void Sampler::keepTopP() {
  if (current.topP >= 1)
    return;
  float highest = candidates[0].logit;
  double total = 0, seen = 0;
  for (const Candidate &candidate : candidates)
    total += weight(candidate.logit, highest, 1);
  size_t kept = 0;
  do
    seen += weight(candidates[kept++].logit, highest, 1);
  while (kept < candidates.size() && seen < current.topP * total);
  candidates.resize(kept);
}

void Sampler::keepMinP() {
  float highest = candidates[0].logit;
  size_t kept = 1;
  while (kept < candidates.size() &&
         weight(candidates[kept].logit, highest, 1) >= current.minP)
    ++kept;
  candidates.resize(kept);
}

int32_t Sampler::draw() {
  float highest = candidates[0].logit;
  double total = 0;
  for (const Candidate &candidate : candidates)
    total += weight(candidate.logit, highest, current.temperature);
  double left = Random::next(current.random) * 0x1p-32 * total;
  for (const Candidate &candidate : candidates) {
    left -= weight(candidate.logit, highest, current.temperature);
    if (left < 0)
      return candidate.token;
  }
  return candidates.back().token;
}
