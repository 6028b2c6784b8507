//===- GrammarMachine.h - Reads what a grammar makes ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMARMACHINE_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMARMACHINE_H

#include "runtime/generate/grammar/Grammar.h"
#include <span>
#include <unordered_map>

namespace quipu {

/// Reads bytes and tokens by a grammar, all ways at the same time. A way is a
/// stack of what has to follow; a state is the set of all stacks. Stacks and
/// states have numbers, and equal ones the same: what a byte does in a state is
/// found once, and looked up from then on.
class GrammarMachine {
public:
  using State = uint32_t;
  /// The state in which nothing fits.
  static constexpr State dead = 0;
  /// Ways with more pending rules end.
  static constexpr uint32_t maxDepth = 10000;
  /// More ways of one state, stacks, or steps between two calls of allowWork
  /// are a failure.
  static constexpr uint32_t maxWays = 1 << 16, maxNodes = 1 << 21;
  static constexpr uint64_t maxWork = 1 << 22;

  /// `grammar` must outlive the machine. `collect` keeps so many bytes.
  explicit GrammarMachine(const Grammar &grammar, uint64_t keptBytes = 1 << 26);

  State start() const { return begin; }
  State step(State state, uint8_t byte) {
    State &next = table[state * classCount + classes[byte]];
    return next != unknown ? next : find(state, byte);
  }
  /// The state behind a token that the grammar names.
  State stepToken(State state, int32_t token);

  /// The state that has the ways of both.
  State join(State a, State b);

  /// Whether a text may end here.
  bool isComplete(State state) const { return states[state].isComplete; }
  /// The tokens that the grammar names here: those ids, or all but them.
  std::span<const Element> namedTokens(State state) const {
    return {named.data() + states[state].firstNamed, states[state].namedCount};
  }

  /// Whether the grammar has been too much; every state is wrong then.
  bool hasFailed() const { return failed; }
  /// Starts to count work anew.
  void allowWork() { work = 0; }
  /// Forgets all states but this one and the first if they take too many bytes.
  /// Returns its number, which is another one then, and `isNew`.
  State collect(State state, bool &isNew);

private:
  static constexpr uint32_t unknown = UINT32_MAX;

  /// The top of a stack: an element that comes next, or, from elements.size()
  /// on, a state of the automata; and the stack below. Number 0 is empty.
  struct Node {
    uint32_t top, below, depth;
  };
  struct StateEntry {
    uint32_t first, count; // of `ways`
    uint32_t firstNamed, namedCount;
    bool isComplete;
  };
  using Ways = std::vector<uint32_t>; // nodes, rising

  bool spend(uint64_t amount);
  uint32_t push(uint32_t top, uint32_t below);
  uint32_t behind(uint32_t element, uint32_t below);
  void expand(uint32_t node, Ways &ways);
  State intern(Ways ways);
  State find(State state, uint8_t byte);
  std::span<const uint32_t> waysOf(State state) const {
    return {ways.data() + states[state].first, states[state].count};
  }
  void clear();
  uint64_t bytes() const;

  const Grammar &grammar;
  uint64_t keptBytes;
  uint8_t classes[256]; // of bytes that no rule tells apart
  uint32_t classCount;
  State begin;
  std::vector<Node> nodes;
  std::unordered_map<uint64_t, uint32_t> nodeNumbers; // top << 32 | below
  std::vector<StateEntry> states;
  std::vector<uint32_t> ways;
  std::vector<Element> named;
  std::unordered_multimap<uint64_t, State> stateNumbers; // by hash
  std::vector<State> table;                              // [state][class]
  std::unordered_map<uint32_t, Ways> expansions;         // [node]
  uint64_t work = 0;
  bool failed = false;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMARMACHINE_H
