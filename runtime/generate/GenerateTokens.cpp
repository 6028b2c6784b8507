//===- GenerateTokens.cpp - Texts that go on side by side -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/GenerateTokens.h"
#include "runtime/engine/Entries.h"
#include <algorithm>

using namespace quipu;

static Status choose(OpenText &text, const float *logits, int32_t vocabulary,
                     int32_t &token) {
  std::span<const uint64_t> allowed;
  if (text.constraint) {
    std::string error;
    const TokenMask *mask = text.constraint->next(error);
    if (!mask)
      return argumentError(std::move(error));
    allowed = *mask;
  }
  token = text.sampler.choose(logits, vocabulary, allowed);
  text.sampler.accept(token);
  if (text.constraint)
    text.constraint->accept(token);
  return {};
}

Status quipu::generateTokens(Session &session, std::span<OpenText> texts,
                             int32_t entry, int32_t steps,
                             const Session::TokenReader &read) {
  auto width = static_cast<int32_t>(texts.size());
  std::vector<Continuation> continuations;
  std::vector<int32_t> tokens, sequences;
  continuations.reserve(texts.size());
  tokens.reserve(texts.size());
  sequences.reserve(texts.size());
  for (const OpenText &text : texts) {
    continuations.push_back({text.sequence, text.token, text.sampler.state()});
    tokens.push_back(text.token);
    sequences.push_back(text.sequence);
  }
  if (std::all_of(texts.begin(), texts.end(), [&](const OpenText &text) {
        return !text.constraint &&
               session.canGenerate(entry, width, text.sampler.state());
      }))
    return session.generate(continuations, entry, steps, read);

  Batch batch{.tokens = tokens.data(),
              .count = width,
              .sequences = sequences.data(),
              .selectedCount = width,
              .entry = entry};
  Status status = session.checkContinuations(batch, steps);
  const abi::Entry &asked = session.program().entries[entry];
  int32_t logits = findOutput(asked, "logits");
  int32_t vocabulary = asked.outputs[logits].width;
  bool goesOn = true;
  for (int32_t i = 0; i < steps && status.ok() && goesOn; ++i) {
    status = session.step(
        batch, [&](int32_t output, int32_t row, const float *numbers) {
          return output == logits
                     ? choose(texts[row], numbers, vocabulary, tokens[row])
                     : Status{};
        });
    goesOn = status.ok() && read(tokens);
  }
  return status;
}
