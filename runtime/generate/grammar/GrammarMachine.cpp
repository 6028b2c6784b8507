//===- GrammarMachine.cpp - Reads what a grammar makes --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/GrammarMachine.h"
#include <algorithm>
#include <unordered_set>

using namespace quipu;
using Kind = Element::Kind;

GrammarMachine::GrammarMachine(const Grammar &grammar, uint64_t keptBytes)
    : grammar(grammar), keptBytes(keptBytes) {
  uint32_t count = 0;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    count += byte > 0 && grammar.automata.borders()[byte];
    classes[byte] = static_cast<uint8_t>(count);
  }
  classCount = count + 1;
  clear();
  Ways all;
  for (uint32_t alternative : grammar.rules[grammar.root])
    expand(behind(alternative, 0), all);
  begin = intern(std::move(all));
}

void GrammarMachine::clear() {
  nodes = {{.top = 0, .below = 0, .depth = 0}};
  nodeNumbers.clear();
  states.clear();
  ways.clear();
  named.clear();
  stateNumbers.clear();
  table.clear();
  expansions.clear();
  intern({}); // `dead`
  std::fill(table.begin(), table.end(), dead);
}

bool GrammarMachine::spend(uint64_t amount) {
  work += amount;
  failed |= work > maxWork;
  return !failed;
}

/// The number of a stack; `unknown` for one that is too deep.
uint32_t GrammarMachine::push(uint32_t top, uint32_t below) {
  auto [place, isNew] = nodeNumbers.try_emplace(uint64_t(top) << 32 | below,
                                                uint32_t(nodes.size()));
  if (isNew) {
    uint32_t depth = nodes[below].depth + 1;
    if (depth > maxDepth)
      place->second = unknown;
    else
      nodes.push_back({top, below, depth});
    failed |= nodes.size() > maxNodes;
  }
  return place->second;
}

/// The stack whose next element is this one: none at the end of a rule.
uint32_t GrammarMachine::behind(uint32_t element, uint32_t below) {
  return grammar.elements[element].kind == Kind::End ? below
                                                     : push(element, below);
}

/// Replaces rules at the top until a character, a token or the end of the text
/// comes next.
void GrammarMachine::expand(uint32_t node, Ways &to) {
  if (node == unknown)
    return;
  auto known = expansions.find(node);
  if (known != expansions.end()) {
    spend(known->second.size());
    to.insert(to.end(), known->second.begin(), known->second.end());
    return;
  }
  Ways found;
  std::vector<uint32_t> open = {node};
  std::unordered_set<uint32_t> seen = {node};
  while (!open.empty() && spend(1)) {
    uint32_t number = open.back();
    open.pop_back();
    if (number == 0) {
      found.push_back(0);
      continue;
    }
    Node top = nodes[number];
    Element element = grammar.elements[top.top];
    if (element.kind != Kind::Rule && element.kind != Kind::Characters) {
      found.push_back(number);
      continue;
    }
    uint32_t rest = behind(top.top + 1, top.below);
    if (rest == unknown)
      continue;
    if (element.kind == Kind::Characters) {
      uint32_t reading =
          push(uint32_t(grammar.elements.size()) + element.value, rest);
      if (reading != unknown)
        found.push_back(reading);
      continue;
    }
    for (uint32_t alternative : grammar.rules[element.value]) {
      uint32_t next = behind(alternative, rest);
      if (next != unknown && seen.insert(next).second)
        open.push_back(next);
    }
  }
  to.insert(to.end(), found.begin(), found.end());
  expansions.emplace(node, std::move(found));
}

GrammarMachine::State GrammarMachine::intern(Ways given) {
  std::sort(given.begin(), given.end());
  given.erase(std::unique(given.begin(), given.end()), given.end());
  failed |= given.size() > maxWays;
  if (failed)
    return dead;
  uint64_t hash = given.size();
  for (uint32_t way : given)
    hash = (hash ^ way) * 0x9e3779b97f4a7c15 ^ hash >> 29;
  auto [same, end] = stateNumbers.equal_range(hash);
  for (; same != end; ++same)
    if (std::ranges::equal(waysOf(same->second), given))
      return same->second;

  spend(classCount);
  auto state = State(states.size());
  StateEntry entry = {.first = uint32_t(ways.size()),
                      .count = uint32_t(given.size()),
                      .firstNamed = uint32_t(named.size()),
                      .namedCount = 0,
                      .isComplete = !given.empty() && given[0] == 0};
  for (uint32_t way : given)
    if (way != 0 && nodes[way].top < grammar.elements.size())
      named.push_back(grammar.elements[nodes[way].top]);
  entry.namedCount = uint32_t(named.size()) - entry.firstNamed;
  states.push_back(entry);
  ways.insert(ways.end(), given.begin(), given.end());
  stateNumbers.emplace(hash, state);
  table.resize(table.size() + classCount, unknown);
  return state;
}

/// What `step` has not found before.
GrammarMachine::State GrammarMachine::find(State state, uint8_t byte) {
  Ways next;
  auto elements = uint32_t(grammar.elements.size());
  spend(states[state].count + 1);
  for (uint32_t i = 0; i < states[state].count && !failed; ++i) {
    Node node = nodes[waysOf(state)[i]];
    if (node.top < elements || waysOf(state)[i] == 0)
      continue;
    uint32_t reading = grammar.automata.step(node.top - elements, byte);
    if (reading == ByteAutomata::accepted)
      expand(node.below, next);
    else if (reading != ByteAutomata::refused)
      next.push_back(push(elements + reading, node.below));
  }
  State found = intern(std::move(next));
  table[state * classCount + classes[byte]] = found;
  return found;
}

GrammarMachine::State GrammarMachine::stepToken(State state, int32_t token) {
  Ways next;
  for (uint32_t i = 0; i < states[state].count; ++i) {
    uint32_t way = waysOf(state)[i];
    Node node = nodes[way];
    if (way == 0 || node.top >= grammar.elements.size())
      continue;
    Element element = grammar.elements[node.top];
    if ((element.value == uint32_t(token)) == (element.kind == Kind::Token))
      expand(behind(node.top + 1, node.below), next);
  }
  return intern(std::move(next));
}

GrammarMachine::State GrammarMachine::join(State a, State b) {
  if (a == dead || b == dead)
    return a == dead ? b : a;
  Ways both(waysOf(a).begin(), waysOf(a).end());
  both.insert(both.end(), waysOf(b).begin(), waysOf(b).end());
  return intern(std::move(both));
}

uint64_t GrammarMachine::bytes() const {
  return nodes.size() * 48 + ways.size() * 16 + table.size() * sizeof(State) +
         states.size() * 64;
}

GrammarMachine::State GrammarMachine::collect(State state, bool &isNew) {
  isNew = bytes() > keptBytes;
  if (!isNew)
    return state;
  std::vector<Node> old = std::move(nodes);
  auto copy = [&](const Ways &tops, Ways &to) {
    // A stack's nodes have rising numbers: below comes first.
    std::vector<uint32_t> needed;
    std::unordered_map<uint32_t, uint32_t> moved = {{0, 0}};
    for (uint32_t top : tops)
      for (uint32_t node = top; node != 0 && moved.try_emplace(node, 0).second;
           node = old[node].below)
        needed.push_back(node);
    std::sort(needed.begin(), needed.end());
    for (uint32_t node : needed)
      moved[node] = push(old[node].top, moved[old[node].below]);
    for (uint32_t top : tops)
      to.push_back(moved[top]);
  };
  Ways first(waysOf(begin).begin(), waysOf(begin).end()),
      current(waysOf(state).begin(), waysOf(state).end()), newFirst, newCurrent;
  clear();
  copy(first, newFirst);
  copy(current, newCurrent);
  begin = intern(std::move(newFirst));
  return intern(std::move(newCurrent));
}
