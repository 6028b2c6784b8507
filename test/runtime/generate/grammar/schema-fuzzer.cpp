//===- schema-fuzzer.cpp - Broken schemas ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzGrammar.h"
#include "runtime/generate/grammar/JsonSchema.h"

const char kind[] = "schema";

static bool parses(std::string_view text) {
  std::string gbnf, error = compileJsonSchema(text, gbnf);
  checkSentence(error);
  if (!error.empty())
    return false;
  Grammar grammar;
  error = grammar.parse(gbnf, nullptr);
  // What a schema can ask for and a grammar cannot have.
  if (!error.empty() && error.find("begins with itself") == error.npos &&
      error.find("elements with their repetitions") == error.npos)
    die(error + "\n" + gbnf);
  if (error.empty())
    follow(grammar, text);
  return error.empty();
}
