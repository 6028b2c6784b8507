//===- Json.cpp - JSON as values ------------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Json.h"
#include "support/Utf8.h"
#include "support/jinja/Characters.h"
#include <algorithm>
#include <charconv>
#include <unordered_map>

using namespace quipu;
using namespace quipu::jinja;

namespace {
class JsonReader {
public:
  JsonReader(std::string_view text, Heap &heap, bool isTrusted)
      : all(text), rest(text), heap(heap), isTrusted(isTrusted) {}

  std::string read(Value &value) {
    if (!isUtf8(rest))
      return "it is not UTF-8";
    value = readValue();
    skipBlanks();
    if (!rest.empty())
      fail("something follows the value");
    return error;
  }

private:
  void fail(const std::string &message) {
    if (!error.empty())
      return;
    auto lines = std::count(all.begin(), all.end() - rest.size(), '\n');
    error = "line " + std::to_string(lines + 1) + ": " + message;
  }
  void skipBlanks() {
    rest.remove_prefix(
        std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  }
  bool take(std::string_view word) {
    skipBlanks();
    bool isThere = rest.starts_with(word);
    if (isThere)
      rest.remove_prefix(word.size());
    return isThere;
  }
  Value readValue();
  Value readArray();
  Value readObject();
  Value readNumber();
  std::string readText();
  uint32_t readHex();
  Value makeText(std::string bytes) {
    return Value(
        heap.make(isTrusted ? Text(std::move(bytes)) : Text::input(bytes)));
  }

  std::string_view all, rest;
  Heap &heap;
  bool isTrusted;
  std::string error;
  unsigned depth = 0;
};
} // namespace

Value JsonReader::readValue() {
  skipBlanks();
  if (rest.starts_with('{') || rest.starts_with('[')) {
    if (++depth > 100) {
      fail("nested more than 100 deep");
      return {};
    }
    Value value = rest[0] == '{' ? readObject() : readArray();
    --depth;
    return value;
  }
  if (rest.starts_with('"'))
    return makeText(readText());
  if (take("true"))
    return Value(true);
  if (take("false"))
    return Value(false);
  if (take("null"))
    return Value::none();
  return readNumber();
}

Value JsonReader::readNumber() {
  size_t end = std::min(rest.find_first_not_of("+-.eE0123456789"), rest.size());
  std::string_view text = rest.substr(0, end);
  const char *begin = text.data(), *stop = begin + end;
  std::string_view digits = text.substr(text.starts_with('-'));
  bool isWhole = text.find_first_of(".eE") == text.npos;
  bool isNumber =
      !digits.empty() && hexDigit(digits[0]) < 10 &&
      hexDigit(digits.back()) < 10 &&
      (digits[0] != '0' || digits.size() == 1 || hexDigit(digits[1]) > 9) &&
      digits.find(".e") == digits.npos && digits.find(".E") == digits.npos;
  int64_t integer = 0;
  double real = 0;
  auto result = isWhole ? std::from_chars(begin, stop, integer)
                        : std::from_chars(begin, stop, real);
  if (!isNumber || result.ptr != stop)
    fail("expected a value");
  else if (result.ec != std::errc())
    fail("the number " + std::string(text.substr(0, 40)) + " is too large");
  rest.remove_prefix(end);
  return isWhole ? Value(integer) : Value(real);
}

Value JsonReader::readArray() {
  take("[");
  std::vector<Value> items;
  if (!take("]")) {
    do
      items.push_back(readValue());
    while (error.empty() && take(","));
    if (!take("]"))
      fail("expected ',' or ']'");
  }
  return Value(heap.make(Form::List, std::move(items)));
}

Value JsonReader::readObject() {
  take("{");
  Mapping mapping;
  std::unordered_map<std::string, size_t> places;
  if (!take("}")) {
    do {
      skipBlanks();
      if (!rest.starts_with('"')) {
        fail("expected a key in quotes");
        break;
      }
      std::string key = readText();
      if (!take(":"))
        fail("expected ':'");
      Value value = readValue();
      // The last of several equal keys counts, in the first one's place.
      auto [place, isNew] = places.try_emplace(key, mapping.entries.size());
      if (isNew)
        mapping.entries.emplace_back(makeText(std::move(key)), value);
      else
        mapping.entries[place->second].second = value;
    } while (error.empty() && take(","));
    if (!take("}"))
      fail("expected ',' or '}'");
  }
  return Value(static_cast<const Mapping *>(heap.make(std::move(mapping))));
}

uint32_t JsonReader::readHex() {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    unsigned digit = i < rest.size() ? hexDigit(rest[i]) : 16;
    if (digit > 15) {
      fail("expected four hexadecimal digits behind '\\u'");
      return 0;
    }
    number = number * 16 + digit;
  }
  rest.remove_prefix(4);
  return number;
}

std::string JsonReader::readText() {
  std::string text;
  rest.remove_prefix(1);
  while (error.empty()) {
    if (rest.empty() || static_cast<unsigned char>(rest[0]) < 0x20) {
      fail("a string has no end on its line");
      break;
    }
    char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"')
      break;
    if (c != '\\') {
      text += c;
      continue;
    }
    static constexpr std::string_view names = "\"\\/bfnrt",
                                      meanings = "\"\\/\b\f\n\r\t";
    c = rest.empty() ? '\0' : rest[0];
    rest.remove_prefix(!rest.empty());
    if (size_t at = names.find(c); c != '\0' && at != names.npos) {
      text += meanings[at];
    } else if (c == 'u') {
      uint32_t code = readHex();
      if (code >= 0xD800 && code < 0xDC00 && rest.starts_with("\\u")) {
        rest.remove_prefix(2);
        uint32_t low = readHex();
        code = low >= 0xDC00 && low < 0xE000
                   ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                   : 0xD800;
      }
      if (code >= 0xD800 && code < 0xE000)
        fail("half a character stands behind '\\u'");
      else
        appendCharacter(text, code);
    } else {
      fail("an unknown escape in a string");
    }
  }
  return text;
}

std::string quipu::jinja::readJson(std::string_view text, Heap &heap,
                                   Value &value, bool isTrusted) {
  return JsonReader(text, heap, isTrusted).read(value);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static void appendUnit(std::string &to, uint32_t unit) {
  char escape[8];
  snprintf(escape, sizeof(escape), "\\u%04x", unit);
  to += escape;
}

void quipu::jinja::writeJsonText(Text &to, const Text &text, bool isAscii) {
  to.append("\"");
  to.appendChanged(text, [&](std::string_view part) {
    static constexpr std::string_view plain = "\"\\\n\r\t\f\b",
                                      names = "\"\\nrtfb";
    std::string result;
    for (size_t at = 0; at < part.size();) {
      std::string_view character = part.substr(at, characterBytes(part[at]));
      at += character.size();
      uint32_t code = readCharacter(character);
      if (size_t escape = plain.find(character[0]); escape != plain.npos) {
        result += '\\';
        result += names[escape];
      } else if (code < 0x20 || (isAscii && code > 0x7E && code < 0x10000)) {
        appendUnit(result, code);
      } else if (isAscii && code >= 0x10000) {
        appendUnit(result, 0xD800 + ((code - 0x10000) >> 10));
        appendUnit(result, 0xDC00 + ((code - 0x10000) & 0x3FF));
      } else {
        result += character;
      }
    }
    return result;
  });
  to.append("\"");
}
