//===- SchemaPattern.cpp - Regular expressions as grammars ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/CharacterSet.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include "support/Utf8.h"
#include <algorithm>

using namespace quipu;

namespace {
/// Of ECMA-262's regular expressions what describes regular languages, with '^'
/// and '$' at the ends of top-level alternatives. What it writes is JSON:
/// quotes, backslashes and control characters are escaped.
class PatternReader {
public:
  explicit PatternReader(std::string_view pattern) : rest(pattern) {}

  std::string read(std::string &gbnf) {
    gbnf = readAlternatives();
    if (error.empty() && !rest.empty())
      fail("a ')' without its '('");
    return error;
  }

private:
  static constexpr size_t maxNesting = 100;

  void fail(const std::string &message) {
    if (error.empty())
      error = message;
  }
  bool take(std::string_view word) {
    bool isThere = rest.starts_with(word);
    if (isThere)
      rest.remove_prefix(word.size());
    return isThere;
  }
  std::string readAlternatives();
  std::string readAlternative();
  std::string readAtom();
  std::string readRepetition();
  std::string readGroup();
  CharacterSet readClass();
  uint32_t readCharacter();
  bool readEscape(CharacterSet &set, uint32_t &character);
  uint32_t readHex(size_t digits);
  std::string write(const CharacterSet &set);

  std::string_view rest;
  std::string error;
  size_t depth = 0; // of groups
};
} // namespace

static CharacterSet makeSet(std::initializer_list<CharacterSet::Range> ranges) {
  CharacterSet set;
  for (CharacterSet::Range range : ranges)
    set.add(range.low, range.high);
  set.normalize();
  return set;
}

/// Text of several alternatives becomes one thing.
static std::string group(const std::string &text) { return "(" + text + ")"; }

std::string PatternReader::readAlternatives() {
  std::string text;
  do
    text += (text.empty() ? "" : " | ") + readAlternative();
  while (error.empty() && take("|"));
  return group(text);
}

std::string PatternReader::readAlternative() {
  bool isTop = depth == 0, beginsHere = isTop && take("^"), endsHere = false;
  std::string text = isTop && !beginsHere ? "char* " : "\"\" ";
  while (error.empty() && !rest.empty() && rest[0] != '|' && rest[0] != ')') {
    if (isTop && take("$")) {
      endsHere = true;
      if (!rest.empty() && rest[0] != '|' && rest[0] != ')')
        fail("'$' before the end");
      break;
    }
    text += readAtom();
    text += readRepetition() + " ";
  }
  return text + (isTop && !endsHere ? "char*" : "\"\"");
}

/// A quantifier; those that match as little as possible match the same texts.
std::string PatternReader::readRepetition() {
  std::string text;
  if (!rest.empty() && (rest[0] == '*' || rest[0] == '+' || rest[0] == '?')) {
    text = rest[0];
    rest.remove_prefix(1);
  } else if (rest.starts_with('{')) {
    size_t end = rest.find('}');
    // "{2}", "{2,}" or "{2,3}"
    std::string_view inside = end == rest.npos ? "" : rest.substr(1, end - 1);
    std::string_view most =
        inside.substr(std::min(inside.find(','), inside.size()));
    std::string_view least = inside.substr(0, inside.size() - most.size());
    most.remove_prefix(!most.empty());
    constexpr size_t maxDigits = 7;
    auto isNumber = [](std::string_view digits) {
      return digits.size() <= maxDigits &&
             digits.find_first_not_of("0123456789") == digits.npos;
    };
    if (least.empty() || !isNumber(least) || !isNumber(most) ||
        (!most.empty() &&
         std::stoul(std::string(most)) < std::stoul(std::string(least)))) {
      fail("a '{' that is no repetition");
      return "";
    }
    text = rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
  }
  if (!text.empty())
    take("?");
  if (!rest.empty() && !text.empty() &&
      (rest[0] == '*' || rest[0] == '+' || rest[0] == '{' || rest[0] == '?'))
    fail("a repetition of a repetition");
  return text;
}

std::string PatternReader::readGroup() {
  if (++depth > maxNesting)
    fail("groups nested more than " + std::to_string(maxNesting) + " deep");
  if (rest.starts_with("?") && !take("?:"))
    fail("a group with '(" + std::string(rest.substr(0, 2)) + "'");
  std::string text = error.empty() ? readAlternatives() : "";
  if (!take(")"))
    fail("a '(' without its ')'");
  --depth;
  return text;
}

std::string PatternReader::readAtom() {
  if (take("("))
    return readGroup();
  if (take("["))
    return write(readClass());
  if (take(".")) {
    CharacterSet set = makeSet({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}});
    set.negate();
    return write(set);
  }
  CharacterSet set;
  uint32_t character = 0;
  if (take("\\")) {
    if (!readEscape(set, character))
      set = makeSet({{character, character}});
  } else if (std::string_view("*+?{}]^$").find(rest[0]) !=
             std::string_view::npos) {
    fail(std::string("a '") + rest[0] + "' where it stands");
  } else {
    character = readCharacter();
    set = makeSet({{character, character}});
  }
  return write(set);
}

uint32_t PatternReader::readCharacter() {
  Utf8Character character = decodeUtf8(rest);
  rest.remove_prefix(character.bytes);
  return character.codePoint;
}

CharacterSet PatternReader::readClass() {
  bool isNegated = take("^");
  CharacterSet set;
  // Whether it is a set of its own, as \d.
  auto readOne = [&](uint32_t &character) {
    CharacterSet escaped;
    if (!take("\\")) {
      character = readCharacter();
      return false;
    }
    bool isSet = readEscape(escaped, character);
    set.add(escaped);
    return isSet;
  };
  while (error.empty() && !take("]")) {
    uint32_t low = 0, high = 0;
    if (rest.empty()) {
      fail("a '[' without its ']'");
      break;
    }
    if (readOne(low))
      continue;
    high = low;
    if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
      take("-");
      if (readOne(high) || high < low)
        fail("a range of characters without an end");
    }
    set.add(low, high);
  }
  set.normalize();
  if (isNegated)
    set.negate();
  return set;
}

uint32_t PatternReader::readHex(size_t digits) {
  uint32_t number = 0;
  for (size_t i = 0; i < digits; ++i) {
    size_t digit =
        rest.empty() ? std::string_view::npos
                     : std::string_view("0123456789abcdefABCDEF").find(rest[0]);
    if (digit == std::string_view::npos) {
      fail("an escape without its " + std::to_string(digits) +
           " hexadecimal digits");
      return 0;
    }
    number = number * 16 + uint32_t(digit < 16 ? digit : digit - 6);
    rest.remove_prefix(1);
  }
  return number;
}

/// What stands behind a backslash: true for a set, false for a character.
bool PatternReader::readEscape(CharacterSet &set, uint32_t &character) {
  if (rest.empty()) {
    fail("a '\\' at the end");
    return false;
  }
  uint32_t c = readCharacter();
  static constexpr std::string_view names = "tnrfv", meanings = "\t\n\r\f\v";
  size_t at = c < 0x80 ? names.find(static_cast<char>(c)) : names.npos;
  if (at != names.npos) {
    character = static_cast<unsigned char>(meanings[at]);
    return false;
  }
  bool isSet = true, isNegated = c == 'D' || c == 'W' || c == 'S';
  if (c == 'd' || c == 'D') {
    set = makeSet({{'0', '9'}});
  } else if (c == 'w' || c == 'W') {
    set = makeSet({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
  } else if (c == 's' || c == 'S') {
    set = makeSet({{'\t', '\r'},
                   {' ', ' '},
                   {0xA0, 0xA0},
                   {0x1680, 0x1680},
                   {0x2000, 0x200A},
                   {0x2028, 0x2029},
                   {0x202F, 0x202F},
                   {0x205F, 0x205F},
                   {0x3000, 0x3000},
                   {0xFEFF, 0xFEFF}});
  } else if (c == 'x' || c == 'u') {
    isSet = false;
    character = readHex(c == 'x' ? 2 : 4);
    if (character >= 0xD800 && character < 0xDC00 && take("\\u")) {
      uint32_t low = readHex(4);
      character = 0x10000 + ((character - 0xD800) << 10) + (low & 0x3FF);
    }
    if (character >= 0xD800 && character < 0xE000)
      fail("half a character behind '\\u'");
  } else if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
             (c >= 'A' && c <= 'Z')) {
    std::string name = "?";
    if (c < 0x80)
      name[0] = static_cast<char>(c);
    fail("'\\" + name + "'");
    isSet = false;
  } else {
    character = c;
    isSet = false;
  }
  if (isNegated)
    set.negate();
  return isSet;
}

/// One character of a set, in a string of JSON.
std::string PatternReader::write(const CharacterSet &set) {
  static constexpr std::string_view escaped = "\"\\\b\f\n\r\t",
                                    names = "\"\\bfnrt";
  std::string text;
  CharacterSet plain = set;
  plain.remove(makeSet({{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}}));
  char escape[32];
  for (CharacterSet::Range range : plain.get()) {
    snprintf(escape, sizeof(escape), "\\U%08X-\\U%08X", range.low, range.high);
    text += escape;
  }
  if (!text.empty())
    text = "[" + text + "]";
  std::string more;
  for (size_t i = 0; i < escaped.size(); ++i)
    if (set.contains(static_cast<unsigned char>(escaped[i])))
      more += (i < 2 ? "\\" : "") + std::string(1, names[i]);
  if (!more.empty())
    text +=
        (text.empty() ? "" : " | ") + std::string("\"\\\\\" [") + more + "]";
  if (text.empty())
    fail("a class without a character that JSON can have");
  return more.empty() ? text : group(text);
}

std::string quipu::gbnfOfPattern(std::string_view pattern, std::string &gbnf) {
  return PatternReader(pattern).read(gbnf);
}
