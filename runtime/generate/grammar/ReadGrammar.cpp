//===- ReadGrammar.cpp - From a file's text to a grammar ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/ReadGrammar.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

std::string quipu::readGrammar(GrammarForm form, std::string_view text,
                               const Tokenizer &tokenizer, Grammar &grammar) {
  auto findToken = [&](std::string_view name) {
    std::vector<int32_t> ids =
        tokenizer.encode(name, {.addSpecial = false, .parseSpecial = true});
    return ids.size() == 1 ? ids[0] : noToken;
  };
  if (form == GrammarForm::Gbnf)
    return grammar.parse(text, findToken);
  std::string gbnf, error = compileJsonSchema(text, gbnf);
  if (!error.empty())
    return error;
  error = grammar.parse(gbnf, nullptr);
  return error.empty() ? "" : "the schema's grammar cannot be used: " + error;
}
