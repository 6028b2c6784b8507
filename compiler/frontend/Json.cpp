//===- Json.cpp - JSON that a stranger wrote ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quipu {
namespace {

/// LLVM's parser is recursive, and keeps one of several equal keys.
constexpr size_t maxDepth = 64;

/// What a string token in its quotes says; the parser reports broken ones.
std::string unescape(StringRef token) {
  if (!token.contains('\\'))
    return token.drop_front().drop_back().str();
  Expected<json::Value> value = json::parse(token);
  if (!value) {
    consumeError(value.takeError());
    return token.str();
  }
  return value->getAsString().value_or(token).str();
}

/// The quoted string that `text` begins with, or all of it.
StringRef takeString(StringRef text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"')
      return text.take_front(i + 1);
    i += text[i] == '\\';
  }
  return text;
}

/// Nesting and repeated keys, in one walk over the tokens.
Error checkStructure(const Twine &where, StringRef text) {
  std::vector<StringSet<>> open; // the keys of each array and object
  while (!text.empty()) {
    if (text.front() == '"') {
      StringRef token = takeString(text);
      text = text.substr(token.size());
      if (open.empty() || token.size() < 2 || !text.ltrim().starts_with(":"))
        continue;
      std::string key = unescape(token);
      if (!open.back().insert(key).second)
        return createStringError(where + ": the key " +
                                 quoteJson(json::fixUTF8(key)) +
                                 " is there twice, expected each key once");
      continue;
    }
    if (text.front() == '{' || text.front() == '[')
      open.emplace_back();
    else if ((text.front() == '}' || text.front() == ']') && !open.empty())
      open.pop_back();
    if (open.size() > maxDepth)
      return createStringError(where + ": JSON nested more than " +
                               Twine(maxDepth) +
                               " deep, expected a shallow object");
    text = text.drop_front();
  }
  return Error::success();
}

} // namespace

std::string quoteJson(const json::Value &value) {
  constexpr size_t most = 60;
  std::string text;
  raw_string_ostream(text) << value;
  if (text.size() > most) {
    text.resize(most);
    text = json::fixUTF8(text) + "...";
  }
  return text;
}

bool isPrintableName(StringRef name) {
  return !name.empty() && name.size() <= 512 &&
         none_of(name, [](unsigned char character) {
           return character < 0x20 || character == 0x7f;
         });
}

Expected<json::Object> parseJsonObject(const Twine &where, StringRef text) {
  if (Error error = checkStructure(where, text))
    return std::move(error);
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return createStringError(where + ": broken JSON, " +
                             toString(value.takeError()) +
                             ", expected an object");
  json::Object *object = value->getAsObject();
  if (!object)
    return createStringError(where + ": " + quoteJson(*value) +
                             ", expected a JSON object");
  return std::move(*object);
}

} // namespace quipu
