//===- JsonSchema.cpp - Grammars of JSON that fits a schema ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/Grammar.h"
#include "runtime/generate/grammar/SchemaCompiler.h"
#include "support/jinja/Json.h"
#include <cmath>

using namespace quipu;
using jinja::Kind;
using jinja::Mapping;
using jinja::Value;
using Placed = SchemaMerger::Placed;

namespace {
struct NamedRule {
  const char *name, *rule;
  std::vector<const char *> uses;
};

/// As llama.cpp writes JSON.
const std::vector<NamedRule> &namedRules() {
  static const std::vector<NamedRule> rules = {
      {"space", R"(| " " | "\n"{1,2} [ \t]{0,20})", {}},
      {"boolean", R"("true" | "false")", {}},
      {"null", R"("null")", {}},
      {"decimal-part", R"([0-9]{1,16})", {}},
      {"integral-part", R"([0] | [1-9] [0-9]{0,15})", {}},
      {"number",
       R"("-"? integral-part ("." decimal-part)? ([eE] [-+]? integral-part)?)",
       {"integral-part", "decimal-part"}},
      {"integer", R"("-"? integral-part)", {"integral-part"}},
      {"char",
       R"([^"\\\x7F\x00-\x1F] | [\\] (["\\bfnrt] | "u" [0-9a-fA-F]{4}))",
       {}},
      {"string", R"("\"" char* "\"")", {"char"}},
      {"value",
       "object | array | string | number | boolean | null",
       {"object", "array", "string", "number", "boolean", "null"}},
      {"object",
       R"("{" space (string ":" space value ("," space string ":" space value)*)? space "}")",
       {"string", "value", "space"}},
      {"array",
       R"("[" space (value ("," space value)*)? space "]")",
       {"value", "space"}},
      {"date",
       R"([0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [1-2] [0-9] | "3" [0-1]))",
       {}},
      {"time",
       R"(([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | ("+" | "-") ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]))",
       {}},
      {"date-time", R"(date "T" time)", {"date", "time"}},
      {"hex4", R"([0-9a-fA-F]{4})", {}},
      {"uuid",
       R"(hex4 hex4 "-" hex4 "-" hex4 "-" hex4 "-" hex4 hex4 hex4)",
       {"hex4"}},
      {"byte",
       R"("25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9])",
       {}},
      {"ipv4", R"(byte "." byte "." byte "." byte)", {"byte"}},
      {"host-part", R"([a-zA-Z0-9] ([a-zA-Z0-9-]{0,61} [a-zA-Z0-9])?)", {}},
      {"hostname", R"(host-part ("." host-part)*)", {"host-part"}},
      {"email",
       R"([a-zA-Z0-9_+-]+ ("." [a-zA-Z0-9_+-]+)* "@" hostname)",
       {"hostname"}},
  };
  return rules;
}

} // namespace

/// A rule that several schemas share.
const std::string &SchemaCompiler::use(const std::string &name) {
  auto [place, isNew] = names.insert(name);
  if (isNew)
    for (const NamedRule &rule : namedRules())
      if (name == rule.name) {
        rules += name + " ::= " + rule.rule + "\n";
        for (const char *used : rule.uses)
          use(used);
      }
  return *place;
}

/// A name for the rule of a schema: "#/properties/a" becomes "a".
std::string SchemaCompiler::freeName(const std::string &place) {
  std::string base;
  for (char c : place.substr(std::min(place.rfind('/') + 1, place.size())))
    if (base.size() < 40)
      base += isalnum(static_cast<unsigned char>(c)) ? c : '-';
  base = "r-" + base;
  std::string name = base;
  for (size_t i = 1; !names.insert(name).second; ++i)
    name = base + "-" + std::to_string(names.size() + i);
  return name;
}

std::string SchemaCompiler::addRule(const std::string &place,
                                    const std::string &rule) {
  std::string name = freeName(place);
  rules += name + " ::= " + rule + "\n";
  if (rules.size() > maxBytes)
    fail(place, "the schema's grammar has more than " +
                    std::to_string(maxBytes) + " bytes");
  return name;
}

//===----------------------------------------------------------------------===//
// Keywords
//===----------------------------------------------------------------------===//

bool SchemaCompiler::checkKeywords(const Placed &schema) {
  for (const auto &[key, value] : schema.schema->entries) {
    std::string_view name = key.text->bytes;
    auto isOf = [&](const auto &words) {
      return std::ranges::find(words, name) != std::end(words);
    };
    bool isHarmless = (name == "uniqueItems" || name == "additionalItems") &&
                      value.kind == Kind::Boolean && !value.boolean;
    if (!isHarmless && (name == "additionalItems" ||
                        !(isAnnotation(name) || isOf(objectKeywords) ||
                          isOf(arrayKeywords) || isOf(stringKeywords) ||
                          isOf(numberKeywords) || isOf(otherKeywords))))
      fail(schema.place, "'" + std::string(name) + "' is not supported");
  }
  return error.empty();
}

/// The types that a schema names, or else its keywords mean; none: any.
std::vector<std::string> SchemaCompiler::findTypes(const Placed &schema) {
  static constexpr std::string_view known[] = {
      "null", "boolean", "object", "array", "number", "string", "integer"};
  const Mapping &keywords = *schema.schema;
  std::vector<std::string> types;
  if (const Value *type = keywords.find("type")) {
    std::vector<Value> list = {*type};
    if (type->kind == Kind::Sequence)
      list = type->sequence->items;
    for (const Value &item : list)
      if (item.isText() &&
          std::ranges::find(known, item.text->bytes) != std::end(known))
        types.push_back(item.text->bytes);
      else
        fail(schema.place,
             "'type' has " + printJson(item) + ", which is no type of JSON");
    if (list.empty())
      fail(schema.place, "'type' has no type");
    // Each integer is a number.
    if (std::ranges::find(types, "number") != types.end())
      std::erase(types, "integer");
    return types;
  }
  if (hasAny(keywords, objectKeywords))
    types.emplace_back("object");
  if (hasAny(keywords, arrayKeywords))
    types.emplace_back("array");
  if (hasAny(keywords, stringKeywords))
    types.emplace_back("string");
  if (hasAny(keywords, numberKeywords))
    types.emplace_back("number");
  if (types.size() > 1)
    fail(schema.place, "keywords of several types need a 'type'");
  return types;
}

/// A size, or none.
std::optional<int64_t> SchemaCompiler::findCount(const Placed &schema,
                                                 const char *name) {
  const Value *value = schema.schema->find(name);
  if (!value)
    return std::nullopt;
  double number = value->isNumber() ? value->number() : -1;
  if (value->kind == Kind::Boolean || number < 0 ||
      number != std::floor(number) || number > double(Grammar::maxElements)) {
    fail(schema.place, std::string("'") + name +
                           "' must be an integer from 0 to " +
                           std::to_string(Grammar::maxElements));
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

//===----------------------------------------------------------------------===//
// Schemas
//===----------------------------------------------------------------------===//

/// One without references and alternatives.
std::string SchemaCompiler::visitPlain(const Placed &schema) {
  if (!checkKeywords(schema))
    return "";
  if (schema.schema->find("enum") || schema.schema->find("const"))
    return visitValues(*schema.schema, schema.place);
  std::vector<std::string> types = findTypes(schema);
  if (!error.empty())
    return "";
  if (types.empty())
    return use("value");
  std::string text;
  for (const std::string &type : types)
    text += (text.empty() ? "" : " | ") + visitType(type, schema);
  return types.size() > 1 ? "(" + text + ")" : text;
}

std::string SchemaCompiler::visitReference(const Value &reference,
                                           const std::string &place) {
  if (!reference.isText()) {
    fail(place, "'$ref' must be a text");
    return "";
  }
  const std::string &target = reference.text->bytes;
  if (auto known = references.find(target); known != references.end())
    return known->second;
  const Value *schema = merger.resolve(target, place, error);
  if (!schema)
    return "";
  // Before it is visited: it may refer to itself.
  std::string name = freeName(target);
  references[target] = name;
  std::string rule = visit(*schema, target);
  rules += name + " ::= " + rule + "\n";
  return name;
}

std::string SchemaCompiler::visit(const Value &schema,
                                  const std::string &place) {
  if (schema.kind == Kind::Boolean && schema.boolean)
    return use("value");
  if (schema.kind != Kind::Mapping) {
    fail(place, schema.kind == Kind::Boolean
                    ? "no value fits 'false'"
                    : "a schema is an object, or true or false");
    return "";
  }
  if (++depth > maxDepth)
    fail(place,
         "schemas are nested more than " + std::to_string(maxDepth) + " deep");
  Placed placed = {schema.mapping, place};
  if (!checkKeywords(placed))
    return "";
  // Each way keeps a reference a rule: it may refer to itself.
  size_t meaningful = 0;
  for (const auto &[key, value] : schema.mapping->entries)
    meaningful += !isAnnotation(key.text->bytes);
  std::string text;
  const Value *reference = schema.mapping->find("$ref");
  const Value *choices = schema.mapping->find("anyOf");
  const char *name = choices ? "anyOf" : "oneOf";
  if (!choices)
    choices = schema.mapping->find("oneOf");
  if (reference && meaningful == 1) {
    text = visitReference(*reference, place);
  } else if (choices && meaningful == 1 && choices->kind == Kind::Sequence &&
             !choices->sequence->items.empty()) {
    const std::vector<Value> &items = choices->sequence->items;
    for (size_t i = 0; i < items.size(); ++i)
      text += (i ? " | " : "") +
              visit(items[i], place + "/" + name + "/" + std::to_string(i));
    text = "(" + text + ")";
  } else {
    for (const Placed &choice : merger.flatten(placed, error)) {
      text += (text.empty() ? "" : " | ") + visitPlain(choice);
      if (!error.empty())
        break;
    }
    text = "(" + text + ")";
  }
  --depth;
  return text;
}

std::string SchemaCompiler::compile(std::string &gbnf) {
  use("space");
  std::string rule = visit(root, "#");
  gbnf = "root ::= " + rule + "\n" + rules;
  return asSentence(std::move(error));
}

std::string quipu::compileJsonSchema(std::string_view schema,
                                     std::string &gbnf) {
  jinja::Heap heap;
  Value root;
  std::string error = jinja::readJson(schema, heap, root);
  return error.empty() ? SchemaCompiler(root, heap).compile(gbnf) : error;
}
