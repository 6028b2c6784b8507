//===- PreTokenizer.cpp - Split a text into words -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Utf8.h"
#include <algorithm>
#include <array>
#include <iterator>

using namespace quipu;

namespace {

struct ClassRange {
  uint32_t first; // the range ends before the next one's first
  CharacterClass characterClass;
};

constexpr ClassRange ranges[] = {
#include "runtime/text/UnicodeTables.inc"
};

constexpr CharacterClass search(uint32_t codePoint) {
  auto *next = std::upper_bound(std::begin(ranges), std::end(ranges), codePoint,
                                [](uint32_t value, const ClassRange &range) {
                                  return value < range.first;
                                });
  return std::prev(next)->characterClass;
}

constexpr std::array<CharacterClass, 128> ascii = [] {
  std::array<CharacterClass, 128> table{};
  for (uint32_t c = 0; c < table.size(); ++c)
    table[c] = search(c);
  return table;
}();

/// One character of the text; `end` is where the next one begins.
struct Character {
  static constexpr uint32_t none = UINT32_MAX; // beyond the end of the text

  uint32_t codePoint;
  CharacterClass characterClass;
  size_t end;

  bool is(CharacterClass c) const {
    return codePoint != none && characterClass == c;
  }
  bool isNewline() const { return codePoint == '\r' || codePoint == '\n'; }
};

/// Takes words off the front of a text.
class Splitter {
public:
  Splitter(std::string_view text, std::vector<std::string_view> &words)
      : text(text), words(words) {}

  void splitGpt2();
  /// At most `digits` of a number make one word.
  void splitLlama3(unsigned digits);

private:
  Character at(size_t position) const {
    if (position >= text.size())
      return {Character::none, CharacterClass::Other, position};
    auto [codePoint, bytes] = decodeUtf8(text.substr(position));
    return {codePoint, classify(codePoint), position + std::max(bytes, 1u)};
  }

  /// Where the run of characters of class `c` ends that `position` stands in.
  size_t skip(CharacterClass c, size_t position) const {
    Character next = at(position);
    for (; next.is(c); next = at(position))
      position = next.end;
    return position;
  }

  void take(size_t end) {
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }

  bool takeContraction(bool ignoreCase);
  /// \s+(?!\S)|\s+ : leaves the last space of a run to the word that follows.
  void takeSpaces();

  std::string_view text;
  std::vector<std::string_view> &words;
  size_t begin = 0; // of the word to be taken
};

} // namespace

CharacterClass quipu::classify(uint32_t codePoint) {
  return codePoint < ascii.size() ? ascii[codePoint] : search(codePoint);
}

bool Splitter::takeContraction(bool ignoreCase) {
  if (text[begin] != '\'')
    return false;
  auto letter = [&](size_t i) {
    char c = begin + i < text.size() ? text[begin + i] : '\0';
    return ignoreCase && c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  };
  char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') {
    take(begin + 2);
    return true;
  }
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l')) {
    take(begin + 3);
    return true;
  }
  return false;
}

void Splitter::takeSpaces() {
  size_t end = begin, last = begin;
  for (Character next = at(begin); next.is(CharacterClass::Space);
       next = at(end)) {
    last = end;
    end = next.end;
  }
  take(end < text.size() && last > begin ? last : end);
}

void Splitter::splitGpt2() {
  while (begin < text.size()) {
    if (takeContraction(/*ignoreCase=*/false))
      continue;
    Character first = at(begin);
    // A single space goes with the run that follows it.
    Character run = first.codePoint == ' ' ? at(first.end) : first;
    if (run.codePoint == Character::none || run.is(CharacterClass::Space))
      takeSpaces();
    else
      take(skip(run.characterClass, run.end));
  }
}

void Splitter::splitLlama3(unsigned digits) {
  while (begin < text.size()) {
    if (takeContraction(/*ignoreCase=*/true))
      continue;
    Character first = at(begin);
    Character second = at(first.end);

    if (first.is(CharacterClass::Letter) ||
        (!first.isNewline() && !first.is(CharacterClass::Number) &&
         second.is(CharacterClass::Letter))) {
      take(skip(CharacterClass::Letter, first.end));
      continue;
    }

    if (first.is(CharacterClass::Number)) {
      size_t end = first.end;
      Character next = at(end);
      for (unsigned i = 1; i < digits && next.is(CharacterClass::Number); ++i) {
        end = next.end;
        next = at(end);
      }
      take(end);
      continue;
    }

    Character run = first.codePoint == ' ' ? second : first;
    if (run.is(CharacterClass::Other)) {
      size_t end = skip(CharacterClass::Other, run.end);
      while (at(end).isNewline())
        ++end;
      take(end);
      continue;
    }

    size_t lastNewlineEnd = begin, end = begin;
    for (Character next = first; next.is(CharacterClass::Space);
         next = at(end)) {
      end = next.end;
      if (next.isNewline())
        lastNewlineEnd = end;
    }
    if (lastNewlineEnd > begin)
      take(lastNewlineEnd);
    else
      takeSpaces();
  }
}

/// Every number character is a word; what lies between is split without
/// looking beyond it.
static void splitSmolLm(std::string_view text,
                        std::vector<std::string_view> &words) {
  size_t begin = 0, position = 0;
  while (position < text.size()) {
    auto [codePoint, bytes] = decodeUtf8(text.substr(position));
    size_t end = position + std::max(bytes, 1u);
    if (classify(codePoint) == CharacterClass::Number) {
      Splitter(text.substr(begin, position - begin), words).splitGpt2();
      words.push_back(text.substr(position, end - position));
      begin = end;
    }
    position = end;
  }
  Splitter(text.substr(begin), words).splitGpt2();
}

void quipu::splitWords(PreTokenizerKind kind, std::string_view text,
                       std::vector<std::string_view> &words) {
  switch (kind) {
  case PreTokenizerKind::Gpt2:
    return Splitter(text, words).splitGpt2();
  case PreTokenizerKind::SmolLm:
    return splitSmolLm(text, words);
  case PreTokenizerKind::Llama3:
    return Splitter(text, words).splitLlama3(/*digits=*/3);
  case PreTokenizerKind::Qwen2:
    return Splitter(text, words).splitLlama3(/*digits=*/1);
  }
}
