//===- grammar-fuzzer.cpp - Broken grammars -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzGrammar.h"

const char kind[] = "grammar";

static bool parses(std::string_view text) {
  Grammar grammar;
  std::string error = grammar.parse(text, nullptr);
  checkSentence(error);
  if (error.empty())
    follow(grammar, text);
  return error.empty();
}
