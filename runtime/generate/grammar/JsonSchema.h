//===- JsonSchema.h - Grammars of JSON that fits a schema -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_JSONSCHEMA_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_JSONSCHEMA_H

#include "support/jinja/Value.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// Writes the grammar, in GBNF, of the JSON that a schema allows. Returns a
/// sentence about the first keyword that cannot be kept, with its place, or
/// nothing. docs/grammars.md says what can be.
std::string compileJsonSchema(std::string_view schema, std::string &gbnf);

// Parts of it, which write what may stand behind '::='.

/// In quotes, as GBNF has them.
std::string gbnfLiteral(std::string_view text);
/// A value of JSON as a literal.
std::string gbnfOfValue(const jinja::Value &value);
/// A value of JSON without blanks.
std::string printJson(const jinja::Value &value);

/// Integers from `low` to `high`, none: as far as 16 digits go. They are not
/// both none.
std::string gbnfOfIntegers(std::optional<int64_t> low,
                           std::optional<int64_t> high);

/// A string of JSON, but its quotes, in which a regular expression matches
/// somewhere; uses the rule 'char'. Returns a sentence about what it cannot
/// keep, or nothing.
std::string gbnfOfPattern(std::string_view pattern, std::string &gbnf);

/// A string of JSON that is none of these, as rules of which the first is
/// called `name`; uses the rule 'char'.
std::string gbnfRulesOfOtherKeys(const std::string &name,
                                 std::vector<std::string> keys);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_JSONSCHEMA_H
