//===- Constraint.h - Keeps a text to a grammar -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_CONSTRAINT_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_CONSTRAINT_H

#include "runtime/generate/grammar/GrammarMachine.h"
#include "runtime/generate/grammar/TokenTrie.h"
#include <unordered_map>

namespace quipu {

/// What tokens may follow: bit `token % 64` of word `token / 64`.
using TokenMask = std::vector<uint64_t>;

inline bool isAllowed(std::span<const uint64_t> mask, int32_t token) {
  auto bit = static_cast<uint32_t>(token);
  return mask[bit / 64] >> (bit % 64) & 1;
}

/// Says which tokens may follow a text so that a grammar can still make it.
class Constraint {
public:
  /// `trie` must outlive the constraint.
  Constraint(Grammar grammar, const TokenTrie &trie)
      : rules(std::move(grammar)), machine(rules), trie(trie),
        state(machine.start()) {}
  Constraint(const Constraint &) = delete;
  Constraint &operator=(const Constraint &) = delete;

  /// The tokens that may follow, those that end a text where it is complete.
  /// Valid until the next call. Null, with a sentence, if no token may or the
  /// grammar is too much.
  const TokenMask *next(std::string &error);

  /// Tells of the next token; false, and nothing has changed, if it does not
  /// fit.
  bool accept(int32_t token);
  /// How many of these tokens could follow one another.
  size_t countFitting(std::span<const int32_t> tokens);

  /// Whether the text may end.
  bool isComplete() const { return hasEnded || machine.isComplete(state); }
  /// Whether it may, so that where `next` is null nothing has gone wrong.
  bool canEnd() const { return isComplete() && !machine.hasFailed(); }
  /// Begins with a new text.
  void restart();

private:
  static constexpr size_t maxKeptBytes = 1 << 25; // of masks

  using State = GrammarMachine::State;
  State follow(State from, int32_t token);
  void fill(TokenMask &mask);

  Grammar rules;
  GrammarMachine machine;
  const TokenTrie &trie;
  State state;
  bool hasEnded = false;
  std::unordered_map<State, TokenMask> masks;
  TokenMask ended;
  std::vector<State> path; // of the walk, by depth
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_CONSTRAINT_H
