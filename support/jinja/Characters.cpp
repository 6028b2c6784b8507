//===- Characters.cpp - Classes and cases of characters -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Characters.h"
#include "support/jinja/Text.h"
#include <algorithm>

using namespace quipu::jinja;

namespace {
struct Cases {
  uint32_t codePoint;
  char upper[8], lower[8], title[8]; // in UTF-8
};
} // namespace

#include "support/jinja/CharacterTables.inc"

template <size_t count>
static bool isIn(const uint32_t (&bounds)[count], uint32_t codePoint) {
  return (std::upper_bound(bounds, bounds + count, codePoint) - bounds) % 2;
}

static const Cases *findCases(uint32_t codePoint) {
  const auto *found =
      std::ranges::lower_bound(cases, codePoint, {}, &Cases::codePoint);
  return found != std::end(cases) && found->codePoint == codePoint ? found
                                                                   : nullptr;
}

bool quipu::jinja::isUpper(uint32_t codePoint) {
  return isIn(upper, codePoint);
}
bool quipu::jinja::isLower(uint32_t codePoint) {
  return isIn(lower, codePoint);
}
bool quipu::jinja::isAlphabetic(uint32_t codePoint) {
  return isIn(alphabetic, codePoint);
}
bool quipu::jinja::isDecimal(uint32_t codePoint) {
  return isIn(decimal, codePoint);
}
bool quipu::jinja::isDigit(uint32_t codePoint) {
  return isIn(digit, codePoint);
}
bool quipu::jinja::isNumeric(uint32_t codePoint) {
  return isIn(numeric, codePoint);
}
bool quipu::jinja::isPrintable(uint32_t codePoint) {
  return isIn(printable, codePoint);
}
unsigned quipu::jinja::countColumns(uint32_t codePoint) {
  return isIn(columnless, codePoint) ? 0 : isIn(wide, codePoint) ? 2 : 1;
}

static bool isSpaceCharacter(uint32_t c) {
  return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x20) || c == 0x85 ||
         c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

/// Where the character before `at` begins.
static size_t stepBack(std::string_view text, size_t at) {
  at -= at > 0;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
    --at;
  return at;
}

size_t quipu::jinja::spaceBytes(std::string_view text) {
  return !text.empty() && isSpaceCharacter(readCharacter(text))
             ? characterBytes(text[0])
             : 0;
}

size_t quipu::jinja::spaceBytesBack(std::string_view text) {
  return spaceBytes(text.substr(stepBack(text, text.size())));
}

std::string_view quipu::jinja::stripLeft(std::string_view text) {
  while (size_t bytes = spaceBytes(text))
    text.remove_prefix(bytes);
  return text;
}

std::string_view quipu::jinja::stripRight(std::string_view text) {
  while (size_t bytes = spaceBytesBack(text))
    text.remove_suffix(bytes);
  return text;
}

bool quipu::jinja::isSpace(std::string_view text) {
  return !text.empty() && stripLeft(text).empty();
}

unsigned quipu::jinja::hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

uint32_t quipu::jinja::readCharacter(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  size_t bytes = characterBytes(text[0]);
  uint32_t codePoint = bytes == 1 ? lead : lead & (0x7F >> bytes);
  for (size_t i = 1; i < bytes && i < text.size(); ++i)
    codePoint = codePoint << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return codePoint;
}

void quipu::jinja::appendCharacter(std::string &to, uint32_t codePoint) {
  if (codePoint < 0x80) {
    to += static_cast<char>(codePoint);
    return;
  }
  unsigned more = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
  to += static_cast<char>((0xFF80 >> more & 0xFF) | codePoint >> 6 * more);
  while (more-- != 0)
    to += static_cast<char>(0x80 | (codePoint >> 6 * more & 0x3F));
}

template <typename Take>
static std::string mapCharacters(std::string_view text, Take take) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    std::string_view character = text.substr(at, characterBytes(text[at]));
    const Cases *found = findCases(readCharacter(character));
    result += found ? take(*found, at) : character;
    at += character.size();
  }
  return result;
}

std::string quipu::jinja::toUpper(std::string_view text) {
  return mapCharacters(text, [](const Cases &found, size_t) {
    return std::string_view(found.upper);
  });
}

std::string quipu::jinja::toTitle(std::string_view character) {
  return mapCharacters(character, [](const Cases &found, size_t) {
    return std::string_view(found.title);
  });
}

std::string quipu::jinja::toLower(std::string_view text) {
  return mapCharacters(text, [&](const Cases &found, size_t at) {
    std::string_view lower = found.lower;
    if (found.codePoint != 0x3A3)
      return lower;
    // A sigma has another form at the end of a word.
    auto isLetterAt = [&](size_t index) {
      return index < text.size() &&
             isAlphabetic(readCharacter(text.substr(index)));
    };
    size_t before = stepBack(text, at);
    bool ends = at > 0 && isLetterAt(before) && !isLetterAt(at + 2);
    return ends ? std::string_view("\u03C2") : lower;
  });
}
