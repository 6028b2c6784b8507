//===- DraftServer.cpp - A program that drafts for another ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftServer.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/GenerateTokens.h"
#include "runtime/generate/speculative/DraftProtocol.h"
#include <algorithm>
#include <csignal>
#include <unistd.h>

using namespace quipu;

/// Brings `text` up to date; false when the input ends or makes no sense.
static bool readRequest(int32_t tokenLimit, DraftRequest &request,
                        std::vector<int32_t> &text) {
  if (!readBytes(STDIN_FILENO, &request, sizeof(request)) || request.kept < 0 ||
      size_t(request.kept) > text.size() || request.added < 0 ||
      request.added > abi::maxContext)
    return false;
  text.resize(size_t(request.kept) + request.added);
  if (!readBytes(STDIN_FILENO, text.data() + request.kept,
                 request.added * sizeof(int32_t)))
    return false;
  return !text.empty() &&
         std::all_of(text.begin(), text.end(),
                     [&](int32_t id) { return id >= 0 && id < tokenLimit; });
}

Status quipu::serveDrafts(Session &session, int32_t entry,
                          const Tokenizer *tokenizer) {
  // Ctrl-C is for the program that asks, which then closes the pipe.
  signal(SIGINT, SIG_IGN);
  const abi::Entry &drafting = session.program().entries[entry];
  int32_t logitsOutput = findOutput(drafting, "logits");
  DraftGreeting greeting = makeGreeting(drafting, tokenizer);
  bool asked = writeBytes(STDOUT_FILENO, &greeting, sizeof(greeting));

  std::vector<int32_t> text;
  DraftRequest request;
  while (asked && readRequest(getTokenLimit(drafting), request, text)) {
    // The last token is read for its logits, if need be again.
    auto last = static_cast<int32_t>(text.size()) - 1;
    session.forget(0, std::min(request.kept, last));
    size_t given = text.size();
    // Nothing to draft means to read the text all the same.
    if (text.size() <= size_t(session.context())) {
      int32_t held = session.length(0), next = 0;
      Status status =
          session.step({.tokens = &text[held],
                        .count = static_cast<int32_t>(text.size()) - held,
                        .selectedCount = 1,
                        .entry = entry},
                       [&](int32_t output, int32_t, const float *logits) {
                         if (output == logitsOutput)
                           next = Sampler({}).choose(logits, greeting.logits);
                         return Status{};
                       });
      if (request.most > 0)
        text.push_back(next);
      int32_t more =
          std::min(request.most - 1, session.context() - session.length(0));
      if (status.ok() && more > 0) {
        OpenText open = {0, next, Sampler({})};
        status = generateTokens(session, {&open, 1}, entry, more,
                                [&](std::span<const int32_t> tokens) {
                                  text.push_back(tokens[0]);
                                  return true;
                                });
      }
      if (!status.ok())
        return status;
    }
    std::vector<int32_t> answer(text.begin() + given, text.end());
    answer.insert(answer.begin(), static_cast<int32_t>(answer.size()));
    asked = writeBytes(STDOUT_FILENO, answer.data(),
                       answer.size() * sizeof(int32_t));
  }
  return {};
}
