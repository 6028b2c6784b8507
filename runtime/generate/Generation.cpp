//===- Generation.cpp - From a prompt to its continuation -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/Generation.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include <algorithm>

using namespace quipu;

Generation::Generation(Session &session, GenerationOptions given,
                       Drafter *drafter)
    : session(session), options(std::move(given)), sampler(options.sampler),
      drafter(drafter) {
  const abi::Entry &entry = session.program().entries[options.entry];
  logitsOutput = findOutput(entry, "logits");
  vocabulary = entry.outputs[logitsOutput].width;
}

void Generation::start(const std::vector<int32_t> &prompt) {
  text = prompt;
  for (int32_t token : prompt)
    sampler.accept(token);
  // Rounds are timed: a drafter's reading of the prompt belongs to none.
  draft(0);
}

/// Chooses the token that comes next.
Status Generation::choose(const float *next, const Reader &read) {
  Constraint *constraint = options.constraint;
  if (!constraint) {
    take(sampler.choose(next, vocabulary), read);
    return {};
  }
  std::string error;
  const TokenMask *allowed = constraint->next(error);
  if (!allowed && constraint->canEnd()) {
    end = End::Text; // the model has no token that says so
    return {};
  }
  if (!allowed)
    return argumentError(std::move(error));
  int32_t token = sampler.choose(next, vocabulary, *allowed);
  constraint->accept(token);
  take(token, read);
  return {};
}

void Generation::take(int32_t token, const Reader &read) {
  if (options.endsText && options.endsText(token)) {
    end = End::Text;
    return;
  }
  sampler.accept(token);
  text.push_back(token);
  ++counts.generated;
  if (!read(token))
    end = End::Reader;
  else if (counts.generated == options.maxTokens)
    end = End::Length;
}

void Generation::draft(int64_t most) {
  if (!drafter)
    return;
  draftError = drafter->draft(text, static_cast<int32_t>(most), drafted);
  if (!draftError.empty())
    drafter = nullptr;
}

/// Runs the last token and drafted ones after it, and chooses tokens up to the
/// first that is none of these.
Status Generation::continueText(const Reader &read) {
  double start = now();
  auto size = static_cast<int32_t>(text.size());
  int64_t room = session.context() - size;
  if (options.maxTokens >= 0)
    room = std::min(room, options.maxTokens - counts.generated - 1);
  int64_t most = std::min<int64_t>(room, draftLength.best());
  drafted.clear();
  if (most > 0)
    draft(most);
  if (options.constraint)
    drafted.resize(options.constraint->countFitting(drafted));

  // More than the last token if going back has forgotten all.
  std::vector<int32_t> batch(text.begin() + session.length(0), text.end());
  batch.insert(batch.end(), drafted.begin(), drafted.end());
  auto draftCount = static_cast<int32_t>(drafted.size());
  int32_t accepted = 0;
  Status status = session.step(
      {.tokens = batch.data(),
       .count = static_cast<int32_t>(batch.size()),
       .selectedCount = draftCount + 1,
       .entry = options.entry},
      [&](int32_t output, int32_t row, const float *next) {
        if (end || output != logitsOutput || row != accepted)
          return Status{};
        if (Status chosen = choose(next, read); !chosen.ok())
          return chosen;
        accepted += !end && row < draftCount && text.back() == drafted[row];
        return Status{};
      });
  session.forget(0, static_cast<int32_t>(text.size()) - 1);
  counts.drafted += draftCount;
  counts.accepted += accepted;
  draftLength.learn(draftCount, accepted, now() - start);
  return status;
}

/// Lets the engine choose all tokens that follow.
Status Generation::generateAhead(const Reader &read) {
  int64_t most = session.context() - session.length(0);
  if (options.maxTokens >= 0)
    most = std::min(most, options.maxTokens - counts.generated);
  Continuation last = {0, text.back(), sampler.state()};
  Status status =
      session.generate({&last, 1}, options.entry, static_cast<int32_t>(most),
                       [&](std::span<const int32_t> tokens) {
                         take(tokens[0], read);
                         return !end;
                       });
  session.forget(0, static_cast<int32_t>(text.size()) - 1);
  return status;
}

End Generation::run(const float *logits, const Reader &read,
                    std::string &error) {
  double start = now();
  Status status;
  if (options.maxTokens == 0)
    end = End::Length;
  else
    status = choose(logits, read);
  while (status.ok() && !end) {
    if (text.size() > static_cast<size_t>(session.context()))
      end = End::Context;
    else if (!drafter && !options.constraint &&
             session.length(0) + size_t(1) == text.size() &&
             session.canGenerate(options.entry, 1, sampler.state()))
      status = generateAhead(read);
    else
      status = continueText(read);
  }
  counts.seconds = now() - start;
  bool failed = !status.ok();
  error = std::move(status.message);
  return failed ? End::Error : end.value_or(End::Error);
}
