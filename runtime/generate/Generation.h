//===- Generation.h - From a prompt to its continuation ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GENERATION_H
#define QUIPU_RUNTIME_GENERATE_GENERATION_H

#include "runtime/cli/Arguments.h"
#include "runtime/engine/Session.h"
#include "runtime/generate/speculative/DraftLength.h"
#include "runtime/generate/speculative/Drafter.h"
#include <functional>
#include <vector>

namespace quipu {

struct GenerationStatistics {
  int64_t prompt = 0, generated = 0, drafted = 0, accepted = 0; // tokens
  double promptSeconds = 0, generatedSeconds = 0;
};

/// Why a generation ended.
enum class End { Length, Text, Context, Interrupt, Reader, Error };

/// Runs the prompt and generates, for one sequence.
class Generation {
public:
  /// `drafter` may be null.
  Generation(Session &session, const Arguments &arguments,
             std::function<bool(int32_t)> endsText, Drafter *drafter)
      : session(session), arguments(arguments), sampler(arguments.sampler),
        endsText(std::move(endsText)), drafter(drafter) {}

  /// Takes each generated token at once; false ends the generation.
  using Reader = std::function<bool(int32_t token)>;

  /// Continues `prompt`, which is not empty. After End::Error, `error` is set.
  End run(const std::vector<int32_t> &prompt, const Reader &read,
          std::string &error);

  const GenerationStatistics &statistics() const { return counts; }
  /// A sentence if the drafter failed; the text did not suffer.
  const std::string &draftFailure() const { return draftError; }

  /// Makes Ctrl-C end a generation after the current token; the second one
  /// ends the process.
  static void catchInterrupts();

private:
  Status readPrompt();
  void draft(int64_t most);
  Status continueText(const Reader &read);
  void choose(const float *next, const Reader &read);

  Session &session;
  const Arguments &arguments;
  Sampler sampler;
  std::function<bool(int32_t)> endsText;
  Drafter *drafter;
  std::string draftError; // why there is no drafter any longer
  DraftLength draftLength;
  std::vector<int32_t> text;    // the prompt and what was generated
  std::vector<int32_t> drafted; // tokens that may follow it
  std::vector<float> logits;    // of the prompt's last token
  std::optional<End> end;
  GenerationStatistics counts;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GENERATION_H
