//===- GrammarOptions.cpp - What a continuation has to be -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/GrammarOptions.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/grammar/ReadGrammar.h"
#include "runtime/text/Tokenizer.h"
#include "support/InputText.h"

using namespace quipu;

void GrammarOptions::addTo(std::vector<Option> &options) {
  const char *output = "What comes out";
  options.insert(
      options.end(),
      {{output, 0, "grammar", "FILE", Text{&grammar},
        "Write only what the grammar in FILE makes: GBNF, as llama.cpp has "
        "it."},
       {output, 0, "json-schema", "FILE", Text{&schema},
        "Write only JSON that fits the JSON Schema in FILE."}});
}

std::string GrammarOptions::start(const abi::Program &program, int32_t entry,
                                  const Tokenizer *tokenizer) {
  if (!isGiven())
    return "";
  if (grammar && schema)
    return "'--grammar' and '--json-schema' exclude each other";
  if (!tokenizer)
    return "this program has no tokenizer, which grammars need";
  std::string path = grammar.value_or(schema.value_or(""));
  std::string text;
  if (std::string error = readTextFile(path, text); !error.empty())
    return error;
  Grammar read;
  if (std::string error =
          readGrammar(grammar ? GrammarForm::Gbnf : GrammarForm::JsonSchema,
                      text, *tokenizer, read);
      !error.empty())
    return path + ": " + error;
  trie.emplace(
      *tokenizer, getLogits(program.entries[entry])->width, [&](int32_t token) {
        return isEnd(program, token) || tokenizer->isEndOfGeneration(token);
      });
  kept.emplace(std::move(read), *trie);
  return "";
}
