//===- Template.cpp - A chat template in Jinja ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Template.h"
#include "support/Utf8.h"
#include "support/jinja/Interpreter.h"
#include "support/jinja/Parser.h"

using namespace quipu;
using namespace quipu::jinja;

Template::Template() = default;
Template::Template(Template &&) noexcept = default;
Template &Template::operator=(Template &&) noexcept = default;
Template::~Template() = default;

static std::string describe(const Mistake &mistake) {
  return mistake.line == 0
             ? ""
             : "line " + std::to_string(mistake.line) + ": " + mistake.message;
}

std::string Template::parse(std::string_view source) {
  if (!isUtf8(source))
    return "line 1: it is not UTF-8";
  Mistake mistake;
  syntax = std::make_unique<Syntax>();
  std::vector<Token> tokens = tokenize(source, mistake);
  if (mistake.line == 0)
    Parser(std::move(tokens), *syntax, mistake).run();
  return describe(mistake);
}

std::string Template::render(const Mapping &variables, Text &to,
                             const Limits &limits) const {
  return describe(Interpreter(*syntax, variables, limits).run(to));
}
