//===- SamplingOptions.cpp - How a command chooses the next token ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/SamplingOptions.h"
#include <climits>
#include <sys/random.h>

using namespace quipu;

/// " (default: 0.6).".
static std::string byDefault(float value) {
  char text[32];
  snprintf(text, sizeof(text), " (default: %g).", value);
  return text;
}

void SamplingOptions::addTo(std::vector<Option> &options,
                            const abi::Program &program) {
  const char *choice = "How the next token is chosen";
  const abi::Sampling &usual = program.sampling;
  sampler = {.temperature = usual.temperature,
             .topK = usual.topK,
             .topP = usual.topP,
             .minP = usual.minP,
             .repeatPenalty = 0}; // not given
  options.insert(
      options.end(),
      {{choice, 0, "temperature", "T", Real{&sampler.temperature, 0, 100},
        "0 takes the most probable token, always; above, draw: the higher, the "
        "more varied" +
            byDefault(usual.temperature)},
       {choice, 0, "top-k", "N", Integer{&topK, 0, INT_MAX},
        "Draw among the N most probable; 0: all (default: " +
            std::to_string(usual.topK) + ")."},
       {choice, 0, "top-p", "P", Real{&sampler.topP, 0, 1},
        "Draw among the most probable that sum to P" + byDefault(usual.topP)},
       {choice, 0, "min-p", "P", Real{&sampler.minP, 0, 1},
        "Draw among those at least P times as probable as the first" +
            byDefault(usual.minP)},
       {choice, 0, "repeat-penalty", "R",
        Real{&sampler.repeatPenalty, 0.01f, 100},
        "Make the last 64 tokens less probable; 1: do not" +
            (usual.repeatPenalty != 1
                 ? byDefault(usual.repeatPenalty)
                 : " (default: 1, in chats 1.1, so that answers end).")},
       {choice, 0, "seed", "N", Integer{&seed, 0, INT64_MAX},
        "The same seed draws the same text (default: another one each time; "
        "--verbose prints it)."}});
}

SamplerOptions SamplingOptions::get(const abi::Program &program,
                                    bool chat) const {
  SamplerOptions options = sampler;
  options.topK = static_cast<int32_t>(topK.value_or(options.topK));
  if (options.repeatPenalty == 0) {
    float usual = program.sampling.repeatPenalty;
    options.repeatPenalty = usual == 1 && chat ? 1.1f : usual;
  }
  if (seed)
    options.seed = *seed;
  else if (getrandom(&options.seed, sizeof(options.seed), GRND_NONBLOCK) < 0)
    options.seed = 0;
  options.seed &= INT64_MAX; // what --seed takes
  return options;
}
