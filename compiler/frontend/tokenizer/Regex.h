//===- Regex.h - The regular expressions of tokenizers ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_REGEX_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_REGEX_H

#include "compiler/frontend/tokenizer/CodePoints.h"
#include "llvm/Support/Error.h"
#include <climits>

namespace quipu {

/// A part of a regular expression.
struct Regex {
  enum Kind {
    Set,      // one character of `set`
    Look,     // the next character is in `set`, or the text ends and `orEnd`
    Sequence, // `parts` one after another; none of them matches nothing
    Choice,   // the first of `parts` that leads to a match
    Repeat,   // parts[0] from `min` to `max` times
  };
  static constexpr unsigned unbounded = UINT_MAX;

  Kind kind = Sequence;
  CodePoints set = {};
  bool orEnd = false;
  bool isLazy = false; // as few times as possible
  unsigned min = 0;
  unsigned max = 0;
  std::vector<Regex> parts = {};
};

/// Reads Oniguruma's syntax, as PyPI's tokenizers does. An error names the
/// construct that automata without backtracking cannot have: groups that are
/// referred to, looking behind, looking ahead further than a character.
llvm::Expected<Regex> parseRegex(llvm::StringRef pattern);

/// What matches `text` and nothing else.
Regex makeLiteral(llvm::StringRef text);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_REGEX_H
