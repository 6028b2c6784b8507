//===- sampler-test.cpp - What the sampler draws --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints, for options by name, how often 10000 draws gave each of the tokens
// whose probabilities are 1/8, 1/2, 1/16, 1/4, 1/16.
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/Sampler.h"
#include <cmath>
#include <cstdio>
#include <vector>

using namespace quipu;

static const float logits[] = {-3 * M_LN2, -1 * M_LN2, -4 * M_LN2, -2 * M_LN2,
                               -4 * M_LN2};

static void draw(const char *name, const SamplerOptions &options,
                 int32_t accepted = -1) {
  Sampler sampler(options);
  if (accepted >= 0)
    sampler.accept(accepted);
  int counts[5] = {};
  for (int i = 0; i < 10000; ++i)
    ++counts[sampler.choose(logits, 5)];
  printf("%s:", name);
  for (int count : counts)
    printf(" %d", (count + 50) / 100);
  printf("\n");
}

/// Whether the highest is found among any number of logits, with equals and
/// what is no number.
static bool isGreedy() {
  Random random(1);
  for (int32_t count = 1; count < 3000; ++count) {
    std::vector<float> row(1 + count % 70);
    int32_t expected = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      uint32_t kind = random.next() >> 28;
      row[i] = kind == 0   ? NAN
               : kind == 1 ? -INFINITY
                           : static_cast<float>(kind / 3) - 3;
      // No comparison with NaN holds.
      if (row[i] > row[expected] || (std::isnan(row[expected]) && row[i] > -9))
        expected = static_cast<int32_t>(i);
    }
    if (std::isnan(row[expected]) || row[expected] == -INFINITY)
      expected = 0;
    if (Sampler({}).choose(row.data(), static_cast<int32_t>(row.size())) !=
        expected)
      return false;
  }
  return true;
}

int main() {
  SamplerOptions all{.temperature = 1, .topK = 0, .topP = 1, .minP = 0};
  auto with = [&](auto change) {
    SamplerOptions options = all;
    change(options);
    return options;
  };
  draw("greedy", {});
  draw("all", all);
  draw("another seed", with([](auto &o) { o.seed = 7; }));
  draw("cold", with([](auto &o) { o.temperature = 0.5f; }));
  draw("top-k 2", with([](auto &o) { o.topK = 2; }));
  draw("top-k 4, lowest id of equals", with([](auto &o) { o.topK = 4; }));
  draw("top-p 0.7", with([](auto &o) { o.topP = 0.7f; }));
  draw("top-p 0", with([](auto &o) { o.topP = 0; }));
  draw("min-p 0.2", with([](auto &o) { o.minP = 0.2f; }));
  draw("min-p before temperature", with([](auto &o) {
         o.minP = 0.2f;
         o.temperature = 100;
       }));
  draw("penalty 4", with([](auto &o) { o.repeatPenalty = 4; }), 1);
  draw("greedy with penalty 4", {.repeatPenalty = 4}, 1);

  // Exact borders: of two equals the first one is all of 0.5, and both are as
  // probable as the first.
  const float equals[] = {0, 0};
  auto drawEquals = [&](const char *name, const SamplerOptions &options) {
    Sampler sampler(options);
    int first = 0;
    for (int i = 0; i < 1000; ++i)
      first += sampler.choose(equals, 2) == 0;
    printf("%s: %s\n", name, first == 1000 ? "the first" : "both");
  };
  drawEquals("top-p 0.5", with([](auto &o) { o.topP = 0.5f; }));
  drawEquals("top-p 0.6", with([](auto &o) { o.topP = 0.6f; }));
  drawEquals("min-p 1", with([](auto &o) { o.minP = 1; }));

  // What occurs twice is penalised once, also when something is between.
  Sampler twice({.repeatPenalty = 2});
  for (int32_t token : {0, 1, 0})
    twice.accept(token);
  const float favourite[] = {8, 1, 3};
  printf("penalised once: %d\n", twice.choose(favourite, 3));

  // The penalty forgets what is 64 tokens old.
  Sampler sampler({.repeatPenalty = 4});
  sampler.accept(1);
  for (int i = 0; i < 63; ++i)
    sampler.accept(2);
  printf("64 tokens later: %d", sampler.choose(logits, 5));
  sampler.accept(2);
  printf(", 65: %d\n", sampler.choose(logits, 5));

  Random random(42);
  printf("random:");
  for (int i = 0; i < 3; ++i)
    printf(" %08x", random.next());
  printf("\n");

  printf("greedy in rows of any size: %s\n", isGreedy() ? "yes" : "no");
  const float broken[] = {NAN, 1, NAN, INFINITY};
  printf("not a number: %d\n", Sampler({}).choose(broken, 4));
  printf("all broken: %d\n", Sampler(all).choose(broken + 2, 1));
}
