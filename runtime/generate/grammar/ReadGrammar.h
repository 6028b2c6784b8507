//===- ReadGrammar.h - From a file's text to a grammar ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_READGRAMMAR_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_READGRAMMAR_H

#include "runtime/generate/grammar/Grammar.h"

namespace quipu {

class Tokenizer;

enum class GrammarForm { Gbnf, JsonSchema };

/// Reads a grammar for a model with this tokenizer. Returns a sentence about
/// the first error, with its place, or nothing.
std::string readGrammar(GrammarForm form, std::string_view text,
                        const Tokenizer &tokenizer, Grammar &grammar);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_READGRAMMAR_H
