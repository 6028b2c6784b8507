//===- ParseGrammar.cpp - Reading GBNF ------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/Grammar.h"
#include "support/Utf8.h"
#include <algorithm>
#include <unordered_map>

using namespace quipu;

namespace {
using Sequence = std::vector<Element>;

class GrammarParser {
public:
  GrammarParser(std::string_view text, const Grammar::TokenFinder &findToken,
                Grammar &grammar)
      : all(text), rest(text), findToken(findToken), grammar(grammar) {}

  std::string parse();

private:
  struct Rule {
    std::vector<Sequence> alternatives;
    size_t line = 0; // where it is defined, or else used first
    bool isDefined = false;
  };
  static constexpr uint64_t unlimited = UINT64_MAX;

  void fail(const std::string &message) {
    if (error.empty())
      error = "line " + std::to_string(line()) + ": " + message;
  }
  size_t line() const {
    return 1 + size_t(std::count(all.begin(), all.end() - rest.size(), '\n'));
  }
  char peek(size_t at = 0) const { return at < rest.size() ? rest[at] : '\0'; }
  bool take(std::string_view word) {
    bool isThere = rest.starts_with(word);
    if (isThere)
      rest.remove_prefix(word.size());
    return isThere;
  }
  void skipBlanks(bool lines);
  std::string_view takeName();
  uint64_t takeNumber();
  uint32_t takeHex(size_t digits);
  uint32_t takeCharacter();
  uint32_t ruleNumber(std::string_view name);
  uint32_t newRule(const std::string &base);

  void parseRule();
  std::vector<Sequence> parseAlternatives(const std::string &rule,
                                          bool isNested);
  Sequence parseSequence(const std::string &rule, bool isNested);
  void parseLiteral(Sequence &sequence);
  void parseClass(Sequence &sequence);
  void parseToken(Sequence &sequence);
  void parseRepetition(const std::string &rule, bool isNested,
                       Sequence &sequence, size_t begin);
  void repeat(const std::string &rule, uint64_t least, uint64_t most,
              Sequence &sequence, size_t begin);
  void addCharacters(CharacterSet set, Sequence &sequence);
  void count(size_t more) {
    elements += more;
    if (elements > Grammar::maxElements)
      fail("the rules have more than " + std::to_string(Grammar::maxElements) +
           " elements with their repetitions");
  }
  void finish();

  std::string_view all, rest;
  const Grammar::TokenFinder &findToken;
  Grammar &grammar;
  std::string error;
  std::vector<Rule> rules;
  std::unordered_map<std::string, uint32_t> numbers;
  std::map<std::vector<CharacterSet::Range>, uint32_t> sets;
  size_t elements = 0, depth = 0;
};
} // namespace

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

static bool isWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         isDigit(c);
}

/// Comments are blanks, too.
void GrammarParser::skipBlanks(bool lines) {
  for (;;) {
    char c = peek();
    if (c == '#')
      rest.remove_prefix(std::min(rest.find_first_of("\r\n"), rest.size()));
    else if (c == ' ' || c == '\t' || (lines && (c == '\r' || c == '\n')))
      rest.remove_prefix(1);
    else
      return;
  }
}

std::string_view GrammarParser::takeName() {
  size_t end = 0;
  while (isWord(peek(end)))
    ++end;
  std::string_view name = rest.substr(0, end);
  rest.remove_prefix(end);
  return name;
}

uint64_t GrammarParser::takeNumber() {
  if (!isDigit(peek()))
    fail("expected a number");
  uint64_t number = 0;
  for (; isDigit(peek()); rest.remove_prefix(1))
    number =
        std::min<uint64_t>(number * 10 + uint64_t(peek() - '0'), UINT32_MAX);
  return number;
}

uint32_t GrammarParser::takeHex(size_t digits) {
  uint32_t number = 0;
  for (size_t i = 0; i < digits; ++i) {
    size_t digit =
        std::string_view("0123456789abcdefABCDEF").find(peek(0) ? peek() : ' ');
    if (digit == std::string_view::npos) {
      fail("expected " + std::to_string(digits) + " hexadecimal digits");
      return 0;
    }
    number = number * 16 + uint32_t(digit < 16 ? digit : digit - 6);
    rest.remove_prefix(1);
  }
  return number;
}

uint32_t GrammarParser::takeCharacter() {
  if (rest.empty()) {
    fail("the grammar ends within quotes or brackets");
    return 0;
  }
  if (!take("\\")) {
    Utf8Character character = decodeUtf8(rest);
    rest.remove_prefix(character.bytes);
    return character.codePoint;
  }
  char c = peek();
  if (c == '\0') {
    fail("the grammar ends behind '\\'");
    return 0;
  }
  rest.remove_prefix(1);
  static constexpr std::string_view names = "trn\\\"[]-",
                                    meanings = "\t\r\n\\\"[]-";
  if (size_t at = names.find(c); at != names.npos)
    return uint32_t(meanings[at]);
  size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (!digits) {
    fail(std::string("an unknown escape, '\\") + c + "'");
    return 0;
  }
  uint32_t code = takeHex(digits);
  if (code > CharacterSet::last)
    fail("there is no character beyond U+10FFFF");
  return code;
}

uint32_t GrammarParser::ruleNumber(std::string_view name) {
  auto [place, isNew] =
      numbers.try_emplace(std::string(name), uint32_t(rules.size()));
  if (isNew) {
    rules.push_back({.alternatives = {}, .line = line()});
    grammar.names.emplace_back(name);
  }
  return place->second;
}

/// One without a name of its own.
uint32_t GrammarParser::newRule(const std::string &base) {
  auto number = uint32_t(rules.size());
  rules.push_back({.alternatives = {}, .line = 0, .isDefined = true});
  grammar.names.push_back(base);
  return number;
}

void GrammarParser::addCharacters(CharacterSet set, Sequence &sequence) {
  set.normalize();
  if (set.get().empty())
    return fail("a class of characters that has none");
  auto [place, isNew] = sets.try_emplace(set.get(), 0);
  if (isNew)
    place->second = grammar.automata.add(set);
  sequence.push_back({Element::Kind::Characters, place->second});
  count(1);
}

void GrammarParser::parseLiteral(Sequence &sequence) {
  take("\"");
  while (error.empty() && !take("\"")) {
    uint32_t character = takeCharacter();
    CharacterSet set;
    set.add(character, character);
    if (error.empty())
      addCharacters(std::move(set), sequence);
  }
}

void GrammarParser::parseClass(Sequence &sequence) {
  take("[");
  bool isNegated = take("^");
  CharacterSet set;
  while (error.empty() && !take("]")) {
    uint32_t low = takeCharacter(), high = low;
    if (peek() == '-' && peek(1) != ']') {
      rest.remove_prefix(1);
      high = takeCharacter();
    }
    if (error.empty() && low > high)
      fail("a range of characters whose end comes before its beginning");
    set.add(low, high);
  }
  if (isNegated) {
    set.normalize();
    set.negate();
  }
  if (error.empty())
    addCharacters(std::move(set), sequence);
}

void GrammarParser::parseToken(Sequence &sequence) {
  bool isNegated = take("!");
  std::string_view before = rest;
  if (!take("<"))
    return fail("expected a token, '<name>' or '<[id]>', behind '!'");
  uint64_t id = 0;
  if (take("[")) {
    id = takeNumber();
    if (!take("]>"))
      fail("expected ']>' behind a token's id");
    if (id > INT32_MAX)
      fail("a token's id is too large");
  } else {
    size_t end = rest.find_first_of(">\r\n");
    if (end == rest.npos || rest[end] != '>')
      return fail("expected '>' behind a token's name");
    rest.remove_prefix(end + 1);
    std::string_view name = before.substr(0, end + 2);
    int32_t found = findToken ? findToken(name) : -1;
    if (found < 0)
      fail("the model has no token '" + std::string(name) + "'");
    id = uint64_t(found);
  }
  sequence.push_back(
      {isNegated ? Element::Kind::OtherToken : Element::Kind::Token,
       uint32_t(id)});
  count(1);
}

/// Makes repetitions of what the sequence has from `begin` on:
///   S{m,n}  S ... S S'(n - m), where S'(i) ::= S S'(i - 1) | and S'(1) ::= S |
///   S{m,}   S ... S S', where S' ::= S S' |
void GrammarParser::repeat(const std::string &rule, uint64_t least,
                           uint64_t most, Sequence &sequence, size_t begin) {
  if (begin == sequence.size())
    return fail("there is nothing to repeat");
  if (most < least)
    return fail("a repetition of at least " + std::to_string(least) +
                " and at most " + std::to_string(most));
  Sequence repeated(sequence.begin() + ptrdiff_t(begin), sequence.end());
  sequence.resize(begin);
  bool isEndless = most == unlimited;
  uint64_t optional = isEndless ? 1 : most - least;
  // Checked before, as the product may be huge: each factor has 32 bits.
  if ((least + optional) > Grammar::maxElements)
    return count(Grammar::maxElements + 1);
  count((repeated.size() + 3) * (least + optional));
  if (!error.empty())
    return;
  for (uint64_t i = 0; i < least; ++i)
    sequence.insert(sequence.end(), repeated.begin(), repeated.end());
  uint32_t inner = 0;
  for (uint64_t i = 0; i < optional; ++i) {
    uint32_t number = newRule(rule);
    Sequence once = repeated;
    if (isEndless || i > 0)
      once.push_back({Element::Kind::Rule, isEndless ? number : inner});
    rules[number].alternatives = {std::move(once), {}};
    inner = number;
  }
  if (optional)
    sequence.push_back({Element::Kind::Rule, inner});
}

void GrammarParser::parseRepetition(const std::string &rule, bool isNested,
                                    Sequence &sequence, size_t begin) {
  uint64_t least = 0, most = unlimited;
  if (take("+")) {
    least = 1;
  } else if (take("?")) {
    most = 1;
  } else if (!take("*")) {
    take("{");
    skipBlanks(isNested);
    least = most = takeNumber();
    skipBlanks(isNested);
    if (take(",")) {
      skipBlanks(isNested);
      most = isDigit(peek()) ? takeNumber() : unlimited;
      skipBlanks(isNested);
    }
    if (!take("}"))
      fail("expected '}' behind a number of repetitions");
  }
  if (error.empty())
    repeat(rule, least, most, sequence, begin);
}

Sequence GrammarParser::parseSequence(const std::string &rule, bool isNested) {
  Sequence sequence;
  size_t begin = 0; // of what a repetition repeats
  while (error.empty() && !rest.empty()) {
    char c = peek();
    bool isRepetition = c == '*' || c == '+' || c == '?' || c == '{';
    if (!isRepetition)
      begin = sequence.size();
    if (isRepetition) {
      parseRepetition(rule, isNested, sequence, begin);
    } else if (c == '"') {
      parseLiteral(sequence);
    } else if (c == '[') {
      parseClass(sequence);
    } else if (c == '<' || c == '!') {
      parseToken(sequence);
    } else if (take(".")) {
      addCharacters(CharacterSet::all(), sequence);
    } else if (isWord(c)) {
      sequence.push_back({Element::Kind::Rule, ruleNumber(takeName())});
      count(1);
    } else if (take("(")) {
      if (++depth > Grammar::maxNesting)
        fail("groups are nested more than " +
             std::to_string(Grammar::maxNesting) + " deep");
      skipBlanks(true);
      uint32_t number = newRule(rule);
      if (error.empty())
        rules[number].alternatives = parseAlternatives(rule, true);
      if (!take(")"))
        fail("expected ')'");
      --depth;
      sequence.push_back({Element::Kind::Rule, number});
      count(1);
    } else {
      break;
    }
    skipBlanks(isNested);
  }
  return sequence;
}

std::vector<Sequence> GrammarParser::parseAlternatives(const std::string &rule,
                                                       bool isNested) {
  std::vector<Sequence> alternatives = {parseSequence(rule, isNested)};
  while (error.empty() && take("|")) {
    skipBlanks(true);
    alternatives.push_back(parseSequence(rule, isNested));
  }
  count(alternatives.size());
  return alternatives;
}

void GrammarParser::parseRule() {
  size_t start = line();
  std::string name(takeName());
  if (name.empty())
    return fail("expected the name of a rule");
  uint32_t number = ruleNumber(name);
  if (rules[number].isDefined)
    return fail("the rule '" + name + "' is defined twice");
  rules[number].isDefined = true;
  rules[number].line = start;
  skipBlanks(false);
  if (!take("::="))
    return fail("expected '::=' behind the name of a rule, '" + name + "'");
  skipBlanks(true);
  std::vector<Sequence> alternatives = parseAlternatives(name, false);
  rules[number].alternatives = std::move(alternatives);
  if (error.empty() && !rest.empty() && peek() != '\r' && peek() != '\n')
    fail("expected the end of the line, not '" +
         std::string(rest.substr(0, std::max(1u, decodeUtf8(rest).bytes))) +
         "'");
  skipBlanks(true);
}

/// Lays the alternatives out.
void GrammarParser::finish() {
  for (size_t i = 0; i < rules.size(); ++i)
    if (!rules[i].isDefined) {
      error = "line " + std::to_string(rules[i].line) + ": the rule '" +
              grammar.names[i] + "' is not defined";
      return;
    }
  auto root = numbers.find("root");
  if (root == numbers.end()) {
    error = "there is no rule 'root', which every text is made by";
    return;
  }
  grammar.root = root->second;
  grammar.elements.reserve(elements);
  for (const Rule &rule : rules) {
    std::vector<uint32_t> &begins = grammar.rules.emplace_back();
    for (const Sequence &sequence : rule.alternatives) {
      begins.push_back(uint32_t(grammar.elements.size()));
      grammar.elements.insert(grammar.elements.end(), sequence.begin(),
                              sequence.end());
      grammar.elements.push_back({Element::Kind::End, 0});
    }
  }
  error = checkLeftRecursion(grammar);
}

std::string GrammarParser::parse() {
  if (!isUtf8(all))
    return "it is not UTF-8";
  skipBlanks(true);
  while (error.empty() && !rest.empty())
    parseRule();
  if (error.empty())
    finish();
  return asSentence(std::move(error));
}

std::string quipu::asSentence(std::string error) {
  for (char &c : error)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      c = '?';
  return error;
}

std::string Grammar::parse(std::string_view text,
                           const TokenFinder &findToken) {
  *this = Grammar();
  return GrammarParser(text, findToken, *this).parse();
}
