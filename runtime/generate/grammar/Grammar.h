//===- Grammar.h - What a text may be ---------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMAR_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMAR_H

#include "runtime/generate/grammar/ByteAutomata.h"
#include <functional>
#include <string>
#include <string_view>

namespace quipu {

/// What stands in a rule.
struct Element {
  enum class Kind : uint8_t {
    End,        // of an alternative
    Rule,       // `value`: its number
    Characters, // `value`: the state of the automata that reads one
    Token,      // `value`: its id
    OtherToken  // any token but that
  };
  Kind kind;
  uint32_t value;
};

/// A grammar's rules, by their numbers. A text fits if it is made by `root`.
struct Grammar {
  /// The id of the token that has this name, or -1.
  using TokenFinder = std::function<int32_t(std::string_view name)>;

  /// The most elements and the deepest nesting of groups.
  static constexpr size_t maxElements = 1 << 20, maxNesting = 200;

  /// Reads GBNF, llama.cpp's form of grammars. Returns a sentence about the
  /// first error, with its line, or nothing. `findToken` may be null.
  std::string parse(std::string_view text, const TokenFinder &findToken);

  std::vector<Element> elements;            // of all alternatives
  std::vector<std::vector<uint32_t>> rules; // the alternatives' first elements
  std::vector<std::string> names;           // of rules
  uint32_t root = 0;
  ByteAutomata automata;
};

/// An error that may quote anything, without control characters.
std::string asSentence(std::string error);

/// Returns a sentence about a rule that calls itself before it has read
/// anything, without an end, or nothing.
std::string checkLeftRecursion(const Grammar &grammar);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_GRAMMAR_H
