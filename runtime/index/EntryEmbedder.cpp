//===- EntryEmbedder.cpp - Vectors of texts by a program's entry ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/EntryEmbedder.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <numeric>

using namespace quipu;

EntryEmbedder::EntryEmbedder(Session &session, int32_t entry,
                             const Tokenizer &tokenizer, Watcher watch)
    : session(session), entry(entry),
      output(findOutput(session.program().entries[entry], "embedding")),
      tokenizer(tokenizer), watch(std::move(watch)) {
  const abi::Variant &variant = session.variant();
  for (const abi::Step &step : std::span(variant.steps, variant.stepCount))
    if (step.entry == entry)
      stepTokens = std::max(stepTokens, step.tokens);
}

int32_t EntryEmbedder::dimensions() const {
  return session.program().entries[entry].outputs[output].width;
}

int32_t EntryEmbedder::countTokens(std::string_view text) const {
  return static_cast<int32_t>(
      tokenizer.encode(text, {.addSpecial = false}).size());
}

int32_t EntryEmbedder::maxTokens(std::string_view prompt) const {
  return session.longestText(entry) -
         static_cast<int32_t>(tokenizer.encode(prompt).size());
}

Status EntryEmbedder::run(const Batch &batch, const VectorReader &read) {
  const auto width = static_cast<size_t>(dimensions());
  for (size_t i = 0; i < batch.texts.size(); ++i)
    session.forget(static_cast<int32_t>(i));
  return session.step({.tokens = batch.tokens.data(),
                       .count = static_cast<int32_t>(batch.tokens.size()),
                       .sequences = batch.sequences.data(),
                       .selected = batch.ends.data(),
                       .selectedCount = static_cast<int32_t>(batch.ends.size()),
                       .entry = entry},
                      [&](int32_t from, int32_t row, const float *numbers) {
                        if (from == output)
                          read(batch.texts[row], {numbers, width});
                        return Status{};
                      });
}

std::string EntryEmbedder::embed(const std::vector<std::string> &texts,
                                 const VectorReader &read) {
  std::vector<std::vector<int32_t>> ids(texts.size());
  uint64_t done = 0, total = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    ids[i] = tokenizer.encode(texts[i]);
    total += ids[i].size();
    if (ids[i].empty())
      return "a text has no tokens";
  }
  // Texts of a length fill a step best; the longest first, so that memory is
  // short at once if it is.
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return ids[a].size() != ids[b].size() ? ids[a].size() > ids[b].size()
                                          : a < b;
  });
  for (size_t next = 0; next < order.size();) {
    Batch batch;
    while (next < order.size() && batch.texts.size() < sequences) {
      const std::vector<int32_t> &text = ids[order[next]];
      if (!batch.texts.empty() &&
          batch.tokens.size() + text.size() > size_t(stepTokens))
        break;
      batch.tokens.insert(batch.tokens.end(), text.begin(), text.end());
      batch.sequences.resize(batch.tokens.size(),
                             static_cast<int32_t>(batch.texts.size()));
      batch.ends.push_back(static_cast<int32_t>(batch.tokens.size()) - 1);
      batch.texts.push_back(order[next++]);
    }
    if (Status status = run(batch, read); !status.ok())
      return status.message;
    done += batch.tokens.size();
    if (watch && !watch(done, total))
      return "";
  }
  return "";
}
