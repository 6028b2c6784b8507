//===- Regex.cpp - The regular expressions of tokenizers ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/Regex.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;
using namespace quipu;

static Regex makeSet(CodePoints set) {
  return {.kind = Regex::Set, .set = std::move(set)};
}

static Regex makeLook(CodePoints set, bool orEnd) {
  return {.kind = Regex::Look, .set = std::move(set), .orEnd = orEnd};
}

static Regex makeChoice(std::vector<Regex> parts) {
  return {.kind = Regex::Choice, .parts = std::move(parts)};
}

static Regex makeSequence(std::vector<Regex> parts) {
  return {.kind = Regex::Sequence, .parts = std::move(parts)};
}

/// A pattern may have line ends and other characters that a sentence has not.
static std::string onOneLine(StringRef text) {
  std::string line;
  for (char c : text)
    if (static_cast<unsigned char>(c) < ' ')
      line += c == '\n'   ? "\\n"
              : c == '\r' ? "\\r"
                          : "\\x" + toHex(StringRef(&c, 1));
    else
      line += c;
  return line;
}

namespace {

/// A recursive descent over the pattern; the first error ends it.
class Parser {
public:
  explicit Parser(StringRef pattern) : pattern(pattern), rest(pattern) {}

  Expected<Regex> parse() {
    Regex regex = parseChoice();
    if (error.empty() && !rest.empty())
      fail("a ')' without '('");
    if (!error.empty())
      return createStringError("the regular expression '" +
                               onOneLine(pattern.take_front(200)) + "' has " +
                               onOneLine(error) + ", which is not supported");
    return regex;
  }

private:
  static constexpr unsigned maxDepth = 100;
  static constexpr unsigned maxCount = 4096;

  void fail(const Twine &what) {
    if (error.empty())
      error = what.str();
    rest = "";
  }
  uint32_t takeCharacter();
  uint32_t takeEscaped(char letter);
  std::optional<CodePoints> takeClassEscape(bool inClass);
  CodePoints parseClass();
  CodePoints parseClassItems(bool &isFirst);
  Regex parseChoice();
  Regex parseSequence();
  Regex parseAtom();
  Regex parseGroup();
  Regex parseLook(bool isNegated);
  Regex parseRepeat(Regex atom);
  CodePoints fold(CodePoints set) const {
    return ignoresCase ? set.ignoringCase() : set;
  }

  StringRef pattern, rest;
  std::string error;
  bool ignoresCase = false;
  bool dotIsAll = false;
  unsigned depth = 0;
};

} // namespace

uint32_t Parser::takeCharacter() {
  auto *begin = reinterpret_cast<const UTF8 *>(rest.begin()), *at = begin;
  UTF32 character = 0;
  if (rest.empty() ||
      convertUTF8Sequence(&at, reinterpret_cast<const UTF8 *>(rest.end()),
                          &character, strictConversion) != conversionOK) {
    fail("an end that is not expected");
    return 0;
  }
  rest = rest.drop_front(at - begin);
  return character;
}

/// The character that '\' and a letter, which is taken already, stand for.
uint32_t Parser::takeEscaped(char letter) {
  switch (letter) {
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'v':
    return '\v';
  case 'f':
    return '\f';
  case 'a':
    return '\a';
  case 'e':
    return 0x1b;
  case 'u':
  case 'x': {
    StringRef digits;
    if (letter == 'x' && rest.consume_front("{")) {
      std::tie(digits, rest) = rest.split('}');
    } else {
      digits = rest.take_front(letter == 'u' ? 4 : 2);
      rest = rest.drop_front(digits.size());
    }
    uint32_t code = 0;
    if (digits.getAsInteger(16, code) || code > CodePoints::last)
      fail("a broken '\\" + Twine(letter) + "'");
    return code;
  }
  default:
    if (isAlnum(letter))
      fail("'\\" + Twine(letter) + "'");
    return static_cast<unsigned char>(letter);
  }
}

/// The set that an escape stands for, which begins `rest`; none if it is one of
/// a character.
std::optional<CodePoints> Parser::takeClassEscape(bool inClass) {
  if (rest.size() < 2 || rest[0] != '\\')
    return std::nullopt;
  char letter = rest[1];
  std::optional<CodePoints> set;
  switch (toLower(letter)) {
  case 's':
    set = CodePoints::whiteSpace();
    break;
  case 'd':
    set = CodePoints::withProperty("Nd");
    break;
  case 'w':
    set = CodePoints::wordCharacters();
    // Oniguruma's table for Latin-1 has these, too: ²³¹¼½¾.
    if (!inClass)
      set = *set | CodePoints({{0xB2, 0xB3}, {0xB9, 0xB9}, {0xBC, 0xBE}});
    break;
  case 'h':
    set = CodePoints::of("0123456789abcdefABCDEF");
    break;
  case 'p':
    break;
  default:
    return std::nullopt;
  }
  rest = rest.drop_front(2);
  bool isNegated = isUpper(letter);
  if (!set) {
    StringRef name;
    if (rest.consume_front("{")) {
      std::tie(name, rest) = rest.split('}');
      isNegated ^= name.consume_front("^");
    } else {
      name = rest.take_front(1);
      rest = rest.drop_front(name.size());
    }
    std::string plain = name.str();
    erase(plain, '_');
    if (StringRef(plain).starts_with_insensitive("script="))
      plain = plain.substr(7);
    set = CodePoints::withProperty(
        StringRef(plain).equals_insensitive("whitespace") ? "White_Space"
                                                          : plain);
    if (!set) {
      fail("'\\p{" + name + "}'");
      return CodePoints();
    }
  }
  return isNegated ? ~*set : *set;
}

/// Items of a class up to ']' or '&&'.
CodePoints Parser::parseClassItems(bool &isFirst) {
  CodePoints items;
  while (error.empty() && !rest.starts_with("&&") &&
         (isFirst || !rest.starts_with("]"))) {
    isFirst = false;
    if (rest.empty()) {
      fail("a '[' without ']'");
      break;
    }
    if (rest.starts_with("[:")) {
      auto [name, behind] = rest.drop_front(2).split(":]");
      std::optional<CodePoints> set =
          StringRef(name) == "space"   ? CodePoints::whiteSpace()
          : StringRef(name) == "digit" ? CodePoints::withProperty("Nd")
          : StringRef(name) == "alpha" ? CodePoints::withProperty("Alphabetic")
          : StringRef(name) == "punct" ? CodePoints::withProperty("P")
                                       : std::nullopt;
      if (!set) {
        fail("'[:" + name.take_front(20) + ":]'");
        break;
      }
      items = items | *set;
      rest = behind;
      continue;
    }
    if (rest.consume_front("[")) {
      items = items | parseClass();
      continue;
    }
    if (std::optional<CodePoints> set = takeClassEscape(/*inClass=*/true)) {
      items = items | fold(*set);
      continue;
    }
    auto take = [&] {
      bool isEscaped = rest.consume_front("\\");
      uint32_t character = takeCharacter();
      return isEscaped && character < 0x80 ? takeEscaped(char(character))
                                           : character;
    };
    uint32_t first = take(), last = first;
    // Otherwise "-" is a character of its own.
    bool isRange = rest.size() >= 2 && rest[0] == '-' && rest[1] != ']' &&
                   rest[1] != '[' &&
                   !(rest[1] == '\\' && rest.size() > 2 &&
                     StringRef("sSdDwWhHpP").contains(rest[2]));
    if (isRange) {
      rest = rest.drop_front();
      last = take();
    }
    if (first > last) {
      fail("a range that ends before it begins");
      break;
    }
    items = items | fold(CodePoints({{first, last}}));
  }
  return items;
}

/// Behind '[', up to and with ']'.
CodePoints Parser::parseClass() {
  if (++depth > maxDepth) {
    fail("too many brackets");
    return {};
  }
  bool isNegated = rest.consume_front("^"), isFirst = true;
  CodePoints set = parseClassItems(isFirst);
  while (rest.consume_front("&&")) {
    isFirst = false;
    set = set & parseClassItems(isFirst);
  }
  if (!rest.consume_front("]"))
    fail("a '[' without ']'");
  --depth;
  return isNegated ? ~set : set;
}

Regex Parser::parseChoice() {
  std::vector<Regex> parts;
  do
    parts.push_back(parseSequence());
  while (error.empty() && rest.consume_front("|"));
  return parts.size() == 1 ? std::move(parts[0]) : makeChoice(std::move(parts));
}

Regex Parser::parseSequence() {
  std::vector<Regex> parts;
  while (error.empty() && !rest.empty() && rest[0] != '|' && rest[0] != ')') {
    if (rest.starts_with("(?i)")) { // to the end of the group
      rest = rest.drop_front(4);
      ignoresCase = true;
      continue;
    }
    parts.push_back(parseRepeat(parseAtom()));
  }
  return makeSequence(std::move(parts));
}

/// What one character of the text has to be, if `regex` is no more than that:
/// a set, and whether the end of the text will do.
/// `begins`: or begins with it.
static std::optional<std::pair<CodePoints, bool>>
asOneCharacter(const Regex &regex, bool begins) {
  if (regex.kind == Regex::Set)
    return std::pair(regex.set, false);
  if (regex.kind == Regex::Look)
    return std::pair(regex.set, regex.orEnd);
  if (regex.kind == Regex::Sequence && regex.parts.size() == 1)
    return asOneCharacter(regex.parts[0], begins);
  if (regex.kind == Regex::Choice) {
    std::pair<CodePoints, bool> all;
    for (const Regex &part : regex.parts) {
      auto one = asOneCharacter(part, begins);
      if (!one)
        return std::nullopt;
      all = {all.first | one->first, all.second || one->second};
    }
    return all;
  }
  if (begins && regex.kind == Regex::Repeat && regex.min == 1)
    return asOneCharacter(regex.parts[0], begins);
  return std::nullopt;
}

Regex Parser::parseLook(bool isNegated) {
  Regex inner = parseChoice();
  auto one = asOneCharacter(inner, /*begins=*/true);
  if (!one) {
    fail("a '(?=...)' or '(?!...)' of more than one character");
    return {};
  }
  return isNegated ? makeLook(~one->first, !one->second)
                   : makeLook(one->first, one->second);
}

/// Behind '(', up to and with ')'.
Regex Parser::parseGroup() {
  bool outerCase = ignoresCase, outerDot = dotIsAll;
  Regex regex;
  if (++depth > maxDepth)
    fail("too many parentheses");
  if (rest.consume_front("?=") || rest.starts_with("?!")) {
    regex = parseLook(rest.consume_front("?!"));
  } else {
    if (rest.consume_front("?:")) {
    } else if (rest.consume_front("?i:")) {
      ignoresCase = true;
    } else if (rest.consume_front("?-i:")) {
      ignoresCase = false;
    } else if (rest.consume_front("?m:") || rest.consume_front("?s:")) {
      dotIsAll = true;
    } else if (rest.starts_with("?")) {
      fail("'(" + rest.take_front(rest.starts_with("?<") ? 3 : 2) + "'");
    }
    regex = parseChoice();
  }
  if (error.empty() && !rest.consume_front(")"))
    fail("a '(' without ')'");
  --depth;
  ignoresCase = outerCase;
  dotIsAll = outerDot;
  return regex;
}

Regex Parser::parseAtom() {
  if (rest.consume_front("("))
    return parseGroup();
  if (rest.consume_front("["))
    return makeSet(parseClass());
  if (rest.consume_front("."))
    return makeSet(dotIsAll ? CodePoints::all() : ~CodePoints::of("\n"));
  if (rest.consume_front("$")) // of any line
    return makeLook(CodePoints::of("\n"), /*orEnd=*/true);
  if (rest.consume_front("\\z"))
    return makeLook({}, /*orEnd=*/true);
  if (rest[0] == '^' || rest.starts_with("\\b") || rest.starts_with("\\B") ||
      rest.starts_with("\\A") || rest.starts_with("\\G")) {
    fail("'" + rest.take_front(size_t(rest[0] == '^' ? 1 : 2)) + "'");
    return {};
  }
  if (rest[0] == '*' || rest[0] == '+' || rest[0] == '?') {
    fail("'" + rest.take_front(1) + "' behind nothing");
    return {};
  }
  if (std::optional<CodePoints> set = takeClassEscape(/*inClass=*/false))
    return makeSet(fold(*set));
  bool isEscaped = rest.consume_front("\\");
  uint32_t character = takeCharacter();
  if (isEscaped && character < 0x80)
    character = takeEscaped(char(character));
  return makeSet(fold(CodePoints({{character, character}})));
}

Regex Parser::parseRepeat(Regex atom) {
  while (error.empty() && !rest.empty()) {
    unsigned min = 0, max = Regex::unbounded;
    bool isInterval = false;
    StringRef before = rest;
    if (rest.consume_front("*")) {
    } else if (rest.consume_front("+")) {
      min = 1;
    } else if (rest.consume_front("?")) {
      max = 1;
    } else if (rest.consume_front("{")) {
      isInterval = true;
      auto [bounds, behind] = rest.split('}');
      auto [low, high] = bounds.split(',');
      bool isOpen = bounds.ends_with(",");
      if (behind.data() == rest.end() && !rest.ends_with("}"))
        fail("a '{' without '}'");
      rest = behind;
      if ((!low.empty() && low.getAsInteger(10, min)) ||
          (!high.empty() && high.getAsInteger(10, max)) ||
          (low.empty() && high.empty()))
        fail("'" + before.take_front(bounds.size() + 2) + "'");
      if (!isOpen && high.empty())
        max = min;
      if (min > maxCount || (max != Regex::unbounded && max > maxCount) ||
          max < min)
        fail("'" + before.take_front(bounds.size() + 2) + "'");
    } else {
      break;
    }
    bool isLazy = rest.consume_front("?");
    // '{1,2}+' repeats the interval.
    bool isPossessive = !isLazy && !isInterval && rest.consume_front("+");
    std::optional<CodePoints> set;
    if (isPossessive) {
      auto one = asOneCharacter(atom, /*begins=*/false);
      if (!one || atom.kind == Regex::Look) {
        fail("'" + before.take_front(2) + "' behind more than one character");
        break;
      }
      set = one->first;
    }
    Regex repeat = {
        .kind = Regex::Repeat, .isLazy = isLazy, .min = min, .max = max};
    repeat.parts.push_back(std::move(atom));
    atom = std::move(repeat);
    if (!isPossessive)
      continue;
    // Gives nothing back: either all were taken, or there is no other.
    Regex stop = makeLook(~*set, /*orEnd=*/true);
    if (max == 1)
      atom = makeChoice({makeSet(*set), std::move(stop)});
    else
      atom = makeSequence({std::move(atom), std::move(stop)});
  }
  return atom;
}

Expected<Regex> quipu::parseRegex(StringRef pattern) {
  return Parser(pattern).parse();
}

Regex quipu::makeLiteral(StringRef text) {
  Regex literal;
  auto *at = reinterpret_cast<const UTF8 *>(text.begin());
  auto *end = reinterpret_cast<const UTF8 *>(text.end());
  UTF32 character;
  while (at != end && convertUTF8Sequence(&at, end, &character,
                                          strictConversion) == conversionOK)
    literal.parts.push_back(makeSet(CodePoints({{character, character}})));
  return literal;
}
