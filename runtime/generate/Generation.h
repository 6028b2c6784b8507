//===- Generation.h - From a prompt to its continuation ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GENERATION_H
#define QUIPU_RUNTIME_GENERATE_GENERATION_H

#include "runtime/engine/Session.h"
#include "runtime/generate/Sampler.h"
#include "runtime/generate/grammar/Constraint.h"
#include "runtime/generate/speculative/DraftLength.h"
#include "runtime/generate/speculative/Drafter.h"
#include <functional>
#include <optional>
#include <vector>

namespace quipu {

struct GenerationOptions {
  int32_t entry = 0; // one that gives logits
  SamplerOptions sampler;
  int64_t maxTokens = -1; // -1: until the text ends
  /// Whether a token says that the text ends; empty: none does.
  std::function<bool(int32_t token)> endsText;
  /// What the continuation has to be, from its first token on, or null.
  Constraint *constraint = nullptr;
};

struct GenerationStatistics {
  int64_t generated = 0, drafted = 0, accepted = 0; // tokens
  double seconds = 0;
};

/// Why a generation ended.
enum class End { Length, Text, Context, Reader, Error };

/// Continues the text of sequence 0.
class Generation {
public:
  /// `drafter` may be null.
  Generation(Session &session, GenerationOptions options, Drafter *drafter);

  /// Takes each generated token at once; false ends the generation.
  using Reader = std::function<bool(int32_t token)>;

  /// Tells of the text, which is not empty and which the session has read, or
  /// reads then: sampler and drafter want to know it.
  void start(const std::vector<int32_t> &prompt);

  /// Continues the text, given the logits of its last token. After End::Error,
  /// `error` is set.
  End run(const float *logits, const Reader &read, std::string &error);

  const GenerationStatistics &statistics() const { return counts; }
  /// A sentence if the drafter failed; the text did not suffer.
  const std::string &draftFailure() const { return draftError; }

private:
  void draft(int64_t most);
  Status continueText(const Reader &read);
  Status generateAhead(const Reader &read);
  Status choose(const float *next, const Reader &read);
  void take(int32_t token, const Reader &read);

  Session &session;
  GenerationOptions options;
  Sampler sampler;
  Drafter *drafter;
  int32_t logitsOutput, vocabulary;
  std::string draftError; // why there is no drafter any longer
  DraftLength draftLength;
  std::vector<int32_t> text;    // the prompt and what was generated
  std::vector<int32_t> drafted; // tokens that may follow it
  std::optional<End> end;
  GenerationStatistics counts;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GENERATION_H
