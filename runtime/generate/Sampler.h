//===- Sampler.h - Choosing the next token ----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SAMPLER_H
#define QUIPU_RUNTIME_GENERATE_SAMPLER_H

#include "abi/Abi.h"
#include "abi/TokenChoice.h"
#include <span>
#include <vector>

namespace quipu {

/// As abi::Sampling has it, and where the random numbers begin.
struct SamplerOptions {
  float temperature = abi::Sampling().temperature;
  int32_t topK = abi::Sampling().topK;
  float topP = abi::Sampling().topP;
  float minP = abi::Sampling().minP;
  float repeatPenalty = abi::Sampling().repeatPenalty;
  uint64_t seed = 0;
};

/// PCG-XSH-RR 64/32 (O'Neill 2014): the same seed gives the same numbers on
/// every machine.
class Random {
public:
  explicit Random(uint64_t seed);
  uint32_t next() { return next(state); }
  static uint32_t next(uint64_t &state);
  uint64_t getState() const { return state; }

private:
  uint64_t state = 0;
};

/// exp(x) for x <= 0, with the same bits on every machine and GPU.
double expOf(double x);

/// Applies, in this order: repeat penalty over the last 64 tokens, top-k,
/// top-p, min-p, temperature; then draws. A GPU does the same to the bit
/// (compiler/codegen/gpu/TokenChoice.cpp), from the state that the sampler has.
class Sampler {
public:
  explicit Sampler(const SamplerOptions &options);
  /// One that goes on from another's state.
  static Sampler resume(const abi::SamplerState &state) {
    Sampler sampler{SamplerOptions()};
    sampler.current = state;
    return sampler;
  }

  const abi::SamplerState &state() const { return current; }

  /// Tells of a token of the text, drawn or not.
  void accept(int32_t token);

  /// Chooses one of logits[vocabulary]; the lowest id among equals. Only among
  /// those tokens whose bits `allowed` has, of which there is one, unless it is
  /// empty.
  int32_t choose(const float *logits, int32_t vocabulary,
                 std::span<const uint64_t> allowed = {});

private:
  struct Candidate {
    float logit;
    int32_t token;
  };
  void penalize();
  void keepTopK();
  void keepTopP();
  void keepMinP();
  int32_t draw();

  abi::SamplerState current;
  std::vector<Candidate> candidates; // by falling logit once sorted
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SAMPLER_H
