//===- Lexer.cpp - A template's source as tokens --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Lexer.h"
#include "support/jinja/Characters.h"
#include <algorithm>

using namespace quipu::jinja;

/// One newline at the end is left out, and all others become "\n".
static std::string normalize(std::string_view source) {
  std::string text;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n')
      continue;
    text += source[i] == '\r' ? '\n' : source[i];
  }
  if (text.ends_with('\n'))
    text.pop_back();
  return text;
}

static bool isDecimalDigit(char c) { return c >= '0' && c <= '9'; }

/// The longest operator at the front of `text`, "" if there is none.
static std::string_view findOperator(std::string_view text) {
  static constexpr std::string_view all[] = {
      "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
      "]",  "(",  ")",  "{",  "}",  "<",  ">", "=", ".", ":", "|", ",", ";"};
  for (std::string_view sign : all)
    if (text.starts_with(sign))
      return sign;
  return "";
}

namespace {
class Lexer {
public:
  Lexer(std::string_view source, Mistake &mistake)
      : source(normalize(source)), rest(this->source), mistake(mistake) {}

  std::vector<Token> run();

private:
  using Type = Token::Type;

  void fail(std::string message) {
    if (mistake.line == 0)
      mistake = {line, std::move(message)};
  }
  bool hasFailed() const { return mistake.line != 0; }

  /// Takes characters, and counts lines.
  std::string_view take(size_t count) {
    std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    line += static_cast<uint32_t>(std::ranges::count(taken, '\n'));
    if (!taken.empty())
      isLineStart = taken.back() == '\n';
    return taken;
  }
  void takeSpace() {
    while (size_t bytes = spaceBytes(rest))
      take(bytes);
  }
  /// Takes `end`, a '-' before it with the blanks behind it, a '+' before it;
  /// else the newline behind it is taken if `trims`.
  bool takeEnd(std::string_view end, bool trims);
  /// What stands before a tag that begins with `sign`.
  void addData(std::string_view data, char sign, bool isVariable);
  void takeComment();
  void takeRaw();
  bool startsRaw() const;
  void takeTag(bool isVariable);
  void takeToken();
  void takeNumber();
  void takeString();
  /// Appends what the escape at the front of `text`, behind its backslash,
  /// stands for, and returns how long it is.
  size_t unescape(std::string_view text, std::string &to);

  std::string source;
  std::string_view rest;
  Mistake &mistake;
  uint32_t line = 1;
  bool isLineStart = true;
  std::vector<Token> tokens;
  std::string open; // brackets that are
};
} // namespace

bool Lexer::takeEnd(std::string_view end, bool trims) {
  bool isTight = rest.starts_with('-'), keeps = trims && rest.starts_with('+');
  std::string_view behind = rest.substr(isTight || keeps);
  if (!behind.starts_with(end))
    return false;
  take(end.size() + (isTight || keeps));
  if (isTight)
    takeSpace();
  else if (trims && !keeps && rest.starts_with('\n'))
    take(1);
  return true;
}

void Lexer::addData(std::string_view data, char sign, bool isVariable) {
  uint32_t begin = line;
  bool wasLineStart = isLineStart;
  take(data.size());
  if (sign == '-') {
    data = stripRight(data);
  } else if (sign != '+' && !isVariable) {
    size_t newline = data.rfind('\n');
    size_t last = newline == data.npos ? 0 : newline + 1;
    if ((last > 0 || wasLineStart) && isSpace(data.substr(last)))
      data = data.substr(0, last);
  }
  if (!data.empty())
    tokens.push_back({Type::Data, begin, std::string(data)});
}

static char signOf(std::string_view text) {
  return text.starts_with('-') || text.starts_with('+') ? text[0] : '\0';
}

std::vector<Token> Lexer::run() {
  while (!rest.empty() && !hasFailed()) {
    size_t tag = 0;
    for (;; ++tag) {
      tag = rest.find('{', tag);
      if (tag == rest.npos ||
          (tag + 1 < rest.size() &&
           std::string_view("{%#").find(rest[tag + 1]) != std::string::npos))
        break;
    }
    if (tag == rest.npos) {
      uint32_t begin = line;
      tokens.push_back({Type::Data, begin, std::string(take(rest.size()))});
      break;
    }
    char kind = rest[tag + 1], sign = signOf(rest.substr(tag + 2));
    addData(rest.substr(0, tag), sign, kind == '{');
    if (kind == '%' && startsRaw()) {
      takeRaw();
      continue;
    }
    uint32_t begin = line;
    take(sign ? 3 : 2);
    if (kind == '#') {
      takeComment();
      continue;
    }
    bool isVariable = kind == '{';
    tokens.push_back(
        {isVariable ? Type::VariableBegin : Type::BlockBegin, begin, ""});
    takeTag(isVariable);
  }
  tokens.push_back({Type::End, line, ""});
  return std::move(tokens);
}

void Lexer::takeComment() {
  size_t end = rest.find("#}");
  if (end == rest.npos)
    return fail("a comment '{#' has no end '#}'");
  take(end > 0 && signOf(rest.substr(end - 1)) ? end - 1 : end);
  takeEnd("#}", /*trims=*/true);
}

/// Skips a sign, blanks, `word` and blanks behind "{%"; npos if they are not
/// there.
static size_t skipWord(std::string_view text, std::string_view word) {
  size_t at = signOf(text.substr(2)) ? 3 : 2;
  while (size_t bytes = spaceBytes(text.substr(at)))
    at += bytes;
  if (!text.substr(at).starts_with(word))
    return text.npos;
  at += word.size();
  while (size_t bytes = spaceBytes(text.substr(at)))
    at += bytes;
  return at;
}

bool Lexer::startsRaw() const {
  size_t at = skipWord(rest, "raw");
  return at != rest.npos && (rest.substr(at).starts_with("%}") ||
                             rest.substr(at).starts_with("-%}"));
}

void Lexer::takeRaw() {
  take(skipWord(rest, "raw"));
  takeEnd("%}", /*trims=*/false);
  for (size_t tag = 0; (tag = rest.find("{%", tag)) != rest.npos; ++tag) {
    size_t at = skipWord(rest.substr(tag), "endraw");
    if (at == rest.npos)
      continue;
    std::string_view end = rest.substr(tag + at);
    if (!end.starts_with("%}") && !end.starts_with("-%}") &&
        !end.starts_with("+%}"))
      continue;
    addData(rest.substr(0, tag), signOf(rest.substr(tag + 2)), false);
    take(at);
    takeEnd("%}", /*trims=*/true);
    return;
  }
  fail("'{% raw %}' has no '{% endraw %}'");
}

void Lexer::takeTag(bool isVariable) {
  while (!hasFailed()) {
    if (open.empty()) {
      uint32_t begin = line;
      if (isVariable ? takeEnd("}}", false) : takeEnd("%}", true)) {
        tokens.push_back(
            {isVariable ? Type::VariableEnd : Type::BlockEnd, begin, ""});
        return;
      }
    }
    if (rest.empty())
      return fail(std::string("a tag '") + (isVariable ? "{{" : "{%") +
                  "' has no end '" + (isVariable ? "}}" : "%}") + "'");
    if (size_t bytes = spaceBytes(rest))
      take(bytes);
    else
      takeToken();
  }
}

void Lexer::takeToken() {
  char first = rest[0];
  if (isDecimalDigit(first))
    return takeNumber();
  if (first == '\'' || first == '"')
    return takeString();
  auto isNameByte = [](char c) {
    return isDecimalDigit(c) || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (isNameByte(first)) {
    size_t end = std::ranges::find_if_not(rest, isNameByte) - rest.begin();
    tokens.push_back({Type::Name, line, std::string(take(end))});
    return;
  }
  std::string_view sign = findOperator(rest);
  if (sign.empty())
    return fail("unexpected '" + std::string(rest.substr(0, 1)) + "'");
  static constexpr std::string_view openers = "([{", closers = ")]}";
  if (size_t at = openers.find(first); at != openers.npos)
    open += closers[at];
  if (closers.find(first) != closers.npos) {
    if (open.empty() || open.back() != first)
      return fail("unexpected '" + std::string(sign) + "'" +
                  (open.empty()
                       ? ""
                       : std::string(", expected '") + open.back() + "'"));
    open.pop_back();
  }
  tokens.push_back({Type::Operator, line, std::string(take(sign.size()))});
}

void Lexer::takeNumber() {
  auto digits = [&](size_t at) {
    while (at < rest.size() && (isDecimalDigit(rest[at]) ||
                                (rest[at] == '_' && at + 1 < rest.size() &&
                                 isDecimalDigit(rest[at + 1]))))
      ++at;
    return at;
  };
  auto isAt = [&](size_t at, std::string_view any) {
    return at < rest.size() && any.find(rest[at]) != any.npos;
  };
  bool isReal = false;
  size_t end = digits(0);
  // `list.0.1` has two whole numbers.
  bool isMember = rest.data() > source.data() && rest.data()[-1] == '.';
  if (!isMember && isAt(end, ".") && end + 1 < rest.size() &&
      isDecimalDigit(rest[end + 1])) {
    isReal = true;
    end = digits(end + 1);
  }
  if (!isMember && isAt(end, "eE")) {
    size_t sign = end + 1 + isAt(end + 1, "+-");
    if (sign < rest.size() && isDecimalDigit(rest[sign])) {
      isReal = true;
      end = digits(sign);
    }
  }
  std::string text(rest.substr(0, end));
  if (!isReal && ((text.size() > 1 && text[0] == '0') || isAt(end, "xXoObB")))
    return fail("the number '" + text +
                "' is not decimal, which is not supported");
  std::erase(text, '_');
  tokens.push_back(
      {isReal ? Type::Real : Type::Integer, line, std::move(text)});
  take(end);
}

void Lexer::takeString() {
  char quote = rest[0];
  std::string text;
  for (size_t i = 1; i < rest.size() && !hasFailed(); ++i) {
    if (rest[i] == quote) {
      tokens.push_back({Type::String, line, std::move(text)});
      take(i + 1);
      return;
    }
    if (rest[i] == '\\' && i + 1 < rest.size())
      i += unescape(rest.substr(i + 1), text);
    else
      text += rest[i];
  }
  fail("a string has no end");
}

size_t Lexer::unescape(std::string_view text, std::string &to) {
  static constexpr std::string_view names = "\n\\'\"abfnrtv",
                                    meanings = "\0\\'\"\a\b\f\n\r\t\v";
  char first = text[0];
  if (first == '\n')
    return 1;
  if (size_t at = names.find(first); at != names.npos) {
    to += meanings[at];
    return 1;
  }
  unsigned base = 16;
  size_t begin = 1, most = first == 'x'   ? 2
                           : first == 'u' ? 4
                           : first == 'U' ? 8
                                          : 0;
  if (first >= '0' && first <= '7') {
    base = 8;
    begin = 0;
    most = 3;
  }
  if (first == 'N')
    fail("the escape '\\N' is not supported; write '\\u' and the number");
  if (most == 0) {
    to += '\\';
    return 0;
  }
  uint32_t number = 0;
  size_t end = begin;
  for (; end < text.size() && end < begin + most; ++end) {
    unsigned digit = hexDigit(text[end]);
    if (digit >= base)
      break;
    number = number * base + digit;
  }
  if ((base == 16 && end != begin + most) || number > 0x10FFFF ||
      (number >= 0xD800 && number < 0xE000))
    fail("the escape '\\" + std::string(text.substr(0, end)) +
         "' is no character");
  else
    appendCharacter(to, number);
  return end;
}

std::vector<Token> quipu::jinja::tokenize(std::string_view source,
                                          Mistake &mistake) {
  return Lexer(source, mistake).run();
}
