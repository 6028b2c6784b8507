//===- LeftRecursion.cpp - Rules that call themselves at once -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/Grammar.h"
#include <algorithm>

using namespace quipu;

namespace {
/// A rule that another one may begin with.
struct Call {
  uint32_t callee;
  bool isFirst; // nothing stands before it, not even what may be empty
  bool isLast;  // nothing stands behind it
};
using Calls = std::vector<std::vector<Call>>; // [rule]

/// Numbers the rules by strongly connected component (Tarjan's algorithm, with
/// a stack of its own: rules come from strangers).
class Components {
public:
  Components(const Calls &calls, bool onlyFirst)
      : calls(calls), onlyFirst(onlyFirst), order(calls.size(), 0),
        lowest(calls.size(), 0), component(calls.size(), 0) {
    for (uint32_t rule = 0; rule < calls.size(); ++rule)
      if (!order[rule])
        visit(rule);
  }
  bool areTogether(uint32_t a, uint32_t b) const {
    return component[a] == component[b];
  }

private:
  void visit(uint32_t root);

  const Calls &calls;
  bool onlyFirst;
  std::vector<uint32_t> order, lowest, component;
  std::vector<uint32_t> open; // without a component yet
  uint32_t visited = 0, components = 0;
};
} // namespace

void Components::visit(uint32_t root) {
  struct Frame {
    uint32_t rule;
    size_t next; // call
  };
  std::vector<Frame> frames;
  auto enter = [&](uint32_t rule) {
    order[rule] = lowest[rule] = ++visited;
    open.push_back(rule);
    frames.push_back({rule, 0});
  };
  enter(root);
  while (!frames.empty()) {
    uint32_t rule = frames.back().rule;
    if (frames.back().next < calls[rule].size()) {
      const Call &call = calls[rule][frames.back().next++];
      if (onlyFirst && !call.isFirst)
        continue;
      if (!order[call.callee])
        enter(call.callee);
      else if (!component[call.callee])
        lowest[rule] = std::min(lowest[rule], order[call.callee]);
      continue;
    }
    frames.pop_back();
    if (!frames.empty())
      lowest[frames.back().rule] =
          std::min(lowest[frames.back().rule], lowest[rule]);
    if (lowest[rule] != order[rule])
      continue;
    ++components;
    uint32_t member;
    do {
      member = open.back();
      open.pop_back();
      component[member] = components;
    } while (member != rule);
  }
}

/// Which rules may be empty.
static std::vector<bool> findEmpty(const Grammar &grammar) {
  // Who waits for a rule: alternatives, of which each counts what it lacks.
  struct Alternative {
    uint32_t rule, missing;
  };
  std::vector<Alternative> alternatives;
  std::vector<std::vector<uint32_t>> waiting(grammar.rules.size());
  std::vector<uint32_t> found;
  std::vector<bool> isEmpty(grammar.rules.size());
  auto find = [&](uint32_t rule) {
    if (!isEmpty[rule])
      found.push_back(rule);
    isEmpty[rule] = true;
  };
  for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule)
    for (uint32_t begin : grammar.rules[rule]) {
      auto number = uint32_t(alternatives.size());
      alternatives.push_back({rule, 0});
      const Element *element = &grammar.elements[begin];
      for (; element->kind == Element::Kind::Rule; ++element) {
        ++alternatives[number].missing;
        waiting[element->value].push_back(number);
      }
      if (element->kind != Element::Kind::End)
        alternatives[number].missing = UINT32_MAX;
      else if (alternatives[number].missing == 0)
        find(rule);
    }
  while (!found.empty()) {
    uint32_t rule = found.back();
    found.pop_back();
    for (uint32_t number : waiting[rule])
      if (--alternatives[number].missing == 0)
        find(alternatives[number].rule);
  }
  return isEmpty;
}

std::string quipu::checkLeftRecursion(const Grammar &grammar) {
  std::vector<bool> isEmpty = findEmpty(grammar);
  Calls calls(grammar.rules.size());
  for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule)
    for (uint32_t begin : grammar.rules[rule])
      for (const Element *element = &grammar.elements[begin];
           element->kind == Element::Kind::Rule; ++element) {
        calls[rule].push_back({element->value,
                               element == &grammar.elements[begin],
                               element[1].kind == Element::Kind::End});
        if (!isEmpty[element->value])
          break;
      }
  // Behind what was empty, a call that stands last leads nowhere new, as in
  // ([a]*)*.
  Components all(calls, /*onlyFirst=*/false), first(calls, /*onlyFirst=*/true);
  for (uint32_t rule = 0; rule < grammar.rules.size(); ++rule)
    for (const Call &call : calls[rule])
      if (call.isLast ? call.isFirst && first.areTogether(rule, call.callee)
                      : all.areTogether(rule, call.callee))
        return "the rule '" + grammar.names[call.callee] +
               "' begins with itself; let it end with itself";
  return "";
}
