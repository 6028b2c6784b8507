//===- TextBatch.cpp - Texts that one call reads side by side -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/TextBatch.h"

using namespace quipu;

void TextBatch::add(std::span<const int32_t> text,
                    std::span<const int32_t> types, int32_t selectedFrom) {
  int32_t first = tokens();
  sequences.resize(ids.size() + text.size(), firstSequence + texts());
  firsts.push_back(first);
  ids.insert(ids.end(), text.begin(), text.end());
  typesOfIds.insert(typesOfIds.end(), types.begin(), types.end());
  typesOfIds.resize(ids.size(), 0);
  int32_t from = selectedFrom < 0 ? tokens() - 1 : first + selectedFrom;
  for (int32_t token = from; token < tokens(); ++token)
    selected.push_back(token);
}

/// Forgets the texts from `text` on of which all tokens are done.
void TextBatch::forgetUpTo(int32_t &text, int32_t done) {
  auto end = [&] { return text + 1 < texts() ? firsts[text + 1] : tokens(); };
  for (; text < texts() && end() <= done; ++text)
    session.forget(firstSequence + text);
}

Status TextBatch::run(const TextRowReader &read, Sequences after) {
  if (firsts.empty())
    return {};
  const abi::Entry &reader = session.program().entries[entry];
  int32_t forgotten = 0;
  Status status = session.step(
      {.tokens = ids.data(),
       .count = tokens(),
       .sequences = sequences.data(),
       .selected = selected.data(),
       .selectedCount = static_cast<int32_t>(selected.size()),
       .entry = entry,
       .types = typesOfIds.data()},
      [&](int32_t output, int32_t row, const float *numbers) {
        bool isOfTokens = reader.outputs[output].domain == abi::Domain::Token;
        int32_t token = isOfTokens ? row : selected[row];
        int32_t text = sequences[token] - firstSequence;
        return read(text, output, token - firsts[text], numbers);
      },
      [&](int32_t done) {
        if (after == Sequences::Forget)
          forgetUpTo(forgotten, done);
        return true;
      });
  if (after == Sequences::Forget) // after an error, too
    forgetUpTo(forgotten, tokens());
  ids.clear();
  typesOfIds.clear();
  sequences.clear();
  selected.clear();
  firsts.clear();
  return status;
}
