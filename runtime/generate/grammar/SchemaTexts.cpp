//===- SchemaTexts.cpp - Values and keys as a grammar has them ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/CharacterSet.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include "support/Utf8.h"
#include "support/jinja/Json.h"
#include <algorithm>

using namespace quipu;
using jinja::Kind;
using jinja::Value;

std::string quipu::gbnfLiteral(std::string_view text) {
  std::string literal = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      literal += '\\';
    if (c == '\n' || c == '\r')
      literal += c == '\n' ? "\\n" : "\\r";
    else
      literal += c;
  }
  return literal + "\"";
}

static void append(jinja::Text &text, const Value &value) {
  bool isFirst = true;
  auto separate = [&] {
    if (!isFirst)
      text.append(",");
    isFirst = false;
  };
  switch (value.kind) {
  case Kind::Boolean:
    text.append(value.boolean ? "true" : "false");
    break;
  case Kind::Integer:
    text.append(std::to_string(value.integer));
    break;
  case Kind::Real:
    text.append(jinja::printReal(value.real));
    break;
  case Kind::Text:
    jinja::writeJsonText(text, *value.text, /*isAscii=*/false);
    break;
  case Kind::Sequence:
    text.append("[");
    for (const Value &item : value.sequence->items) {
      separate();
      append(text, item);
    }
    text.append("]");
    break;
  case Kind::Mapping:
    text.append("{");
    for (const auto &[key, item] : value.mapping->entries) {
      separate();
      append(text, key);
      text.append(":");
      append(text, item);
    }
    text.append("}");
    break;
  default: // JSON has nothing else
    text.append("null");
  }
}

std::string quipu::printJson(const Value &value) {
  jinja::Text text;
  append(text, value);
  return text.bytes;
}

std::string quipu::gbnfOfValue(const Value &value) {
  return gbnfLiteral(printJson(value));
}

/// Writes what may follow behind the first `depth` bytes of keys from `begin`
/// to `end`, which are sorted and have those in common.
static void writeKeys(const std::string &name,
                      const std::vector<std::string> &keys, size_t begin,
                      size_t end, size_t depth, size_t &rules,
                      std::string &text) {
  std::string rule = name + std::to_string(rules++);
  bool isKey = keys[begin].size() == depth;
  std::string nested, known;
  std::string alternatives = isKey ? "" : "\"\" | ";
  for (size_t i = begin + (isKey ? 1 : 0); i < end;) {
    std::string_view character = std::string_view(keys[i]).substr(depth);
    character = character.substr(0, decodeUtf8(character).bytes);
    size_t next = i;
    while (next < end &&
           keys[next].compare(depth, character.size(), character) == 0)
      ++next;
    char escape[12];
    snprintf(escape, sizeof(escape), "\\U%08X",
             decodeUtf8(character).codePoint);
    known += escape;
    alternatives +=
        std::string("[") + escape + "] " + name + std::to_string(rules) + " | ";
    writeKeys(name, keys, i, next, depth + character.size(), rules, nested);
    i = next;
  }
  text += rule + " ::= " + alternatives + "[^\"\\\\\\x7F\\x00-\\x1F" + known +
          "] char* | \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4}) char*\n" +
          nested;
}

std::string quipu::gbnfRulesOfOtherKeys(const std::string &name,
                                        std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  // Names of schemas' rules begin with another letter.
  std::string rest = "k-" + name + "-x";
  std::string text = name + " ::= \"\\\"\" " + rest + "0 \"\\\"\"\n";
  size_t rules = 0;
  writeKeys(rest, keys, 0, keys.size(), 0, rules, text);
  return text;
}
