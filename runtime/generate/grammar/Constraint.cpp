//===- Constraint.cpp - Keeps a text to a grammar -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/Constraint.h"
#include <algorithm>

using namespace quipu;

static void set(TokenMask &mask, int32_t token) {
  mask[size_t(token) / 64] |= uint64_t(1) << (token % 64);
}

/// The state behind a token that ends no text.
Constraint::State Constraint::follow(State from, int32_t token) {
  if (!trie.has(token))
    return GrammarMachine::dead;
  State named = machine.stepToken(from, token);
  std::string_view text = trie.text(token);
  State spelled = text.empty() ? GrammarMachine::dead : from;
  for (char byte : text)
    spelled = machine.step(spelled, static_cast<uint8_t>(byte));
  return machine.join(named, spelled);
}

void Constraint::fill(TokenMask &mask) {
  std::span<const TokenTrie::Node> nodes = trie.nodes();
  std::span<const int32_t> tokens = trie.tokens();
  path.resize(trie.maxDepth() + 1);
  path[0] = state;
  for (size_t i = 0; i + 1 < nodes.size();) {
    const TokenTrie::Node &node = nodes[i];
    State next = machine.step(path[node.depth], node.byte);
    if (next == GrammarMachine::dead) {
      i = node.skipTo;
      continue;
    }
    path[node.depth + 1] = next;
    for (uint32_t t = node.tokens; t < nodes[i + 1].tokens; ++t)
      set(mask, tokens[t]);
    ++i;
  }
  for (const Element &element : machine.namedTokens(state))
    for (int32_t token = 0; token < trie.vocabulary(); ++token)
      if ((element.value == uint32_t(token)) ==
              (element.kind == Element::Kind::Token) &&
          trie.has(token) && !trie.isEnd(token))
        set(mask, token);
  if (machine.isComplete(state))
    for (int32_t token : trie.ends())
      set(mask, token);
}

const TokenMask *Constraint::next(std::string &error) {
  size_t words = (size_t(trie.vocabulary()) + 63) / 64;
  if (hasEnded) {
    ended.assign(words, 0);
    for (int32_t token : trie.ends())
      set(ended, token);
    return &ended;
  }
  if (masks.size() * words * sizeof(uint64_t) > maxKeptBytes)
    masks.clear();
  auto [place, isNew] = masks.try_emplace(state);
  if (isNew) {
    place->second.resize(words);
    machine.allowWork();
    fill(place->second);
  }
  if (machine.hasFailed())
    error = "the grammar is too ambiguous: it has too many ways to read the "
            "text so far, or to go on";
  else if (std::ranges::all_of(place->second, [](uint64_t w) { return !w; }))
    error =
        isComplete()
            ? "the text is complete, and the model has no token that says so"
            : "no token of the model goes on as the grammar wants it";
  else
    return &place->second;
  return nullptr;
}

bool Constraint::accept(int32_t token) {
  if (hasEnded || trie.isEnd(token)) {
    bool fits = trie.isEnd(token) && isComplete();
    hasEnded |= fits;
    return fits;
  }
  machine.allowWork();
  State next = follow(state, token);
  if (next == GrammarMachine::dead)
    return false;
  bool isNew;
  state = machine.collect(next, isNew);
  if (isNew)
    masks.clear();
  return true;
}

size_t Constraint::countFitting(std::span<const int32_t> tokens) {
  machine.allowWork();
  State at = hasEnded ? GrammarMachine::dead : state;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!trie.isEnd(tokens[i]))
      at = follow(at, tokens[i]);
    else if (!machine.isComplete(at))
      at = GrammarMachine::dead;
    if (at == GrammarMachine::dead)
      return i;
  }
  return tokens.size();
}

void Constraint::restart() {
  state = machine.start();
  hasEnded = false;
}
