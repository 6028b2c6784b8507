//===- NormalForms.cpp - Unicode normalization ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/NormalForms.h"
#include "runtime/text/ImageTables.h"
#include "support/Utf8.h"
#include <algorithm>
#include <vector>

using namespace quipu;

// Hangul syllables are computed, Unicode 15, section 3.12.
static constexpr uint32_t syllables = 0xAC00, syllableCount = 11172,
                          leads = 0x1100, vowels = 0x1161, tails = 0x11A7,
                          vowelCount = 21, tailCount = 28;

namespace {

/// One stretch of characters after the other.
class NormalFormer {
public:
  NormalFormer(const TokenizerImage &image, const TextStep &step)
      : image(image),
        decompositions(image,
                       getTable<CodePointTable>(image, image.maps)[step.table]),
        combining(image, image.combining),
        composes(NormalForm(step.how) == NormalForm::Composed) {}

  uint8_t getMark(uint32_t codePoint) const { return combining[codePoint]; }
  void append(std::string_view text, std::string &out);

private:
  uint8_t getClass(uint32_t codePoint) const {
    uint8_t mark = combining[codePoint];
    return mark == 255 ? 0 : mark;
  }
  void decompose(std::string_view text);
  void order();
  void compose();
  uint32_t join(uint32_t first, uint32_t second) const;

  const TokenizerImage &image;
  CodePointMap<uint32_t> decompositions;
  CodePointMap<uint8_t> combining;
  bool composes;
  std::vector<uint32_t> characters;
  std::vector<uint64_t> marks;
};

} // namespace

void NormalFormer::decompose(std::string_view text) {
  const char *mapText = getTable<char>(image, image.mapText).data();
  characters.clear();
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    uint32_t c = takeCodePoint(at), index = c - syllables;
    if (index < syllableCount) {
      characters.push_back(leads + index / (vowelCount * tailCount));
      characters.push_back(vowels + index / tailCount % vowelCount);
      if (index % tailCount != 0)
        characters.push_back(tails + index % tailCount);
    } else if (uint32_t value = decompositions[c]) {
      const char *mapped = mapText + (value >> 8);
      for (const char *last = mapped + (value & 0xff); mapped != last;)
        characters.push_back(takeCodePoint(mapped));
    } else {
      characters.push_back(c);
    }
  }
}

void NormalFormer::order() {
  for (auto at = characters.begin(); at != characters.end();) {
    auto isStarter = [&](uint32_t c) { return getClass(c) == 0; };
    auto begin = std::find_if_not(at, characters.end(), isStarter);
    at = std::find_if(begin, characters.end(), isStarter);
    // By class, those of one class as they stand: 8, 32 and 21 bits.
    marks.clear();
    for (auto mark = begin; mark != at; ++mark)
      marks.push_back(uint64_t(getClass(*mark)) << 53 |
                      uint64_t(uint32_t(mark - begin)) << 21 | *mark);
    std::sort(marks.begin(), marks.end());
    for (uint64_t mark : marks)
      *begin++ = uint32_t(mark & 0x1FFFFF);
  }
}

/// What two characters become, or 0.
uint32_t NormalFormer::join(uint32_t first, uint32_t second) const {
  uint32_t lead = first - leads, vowel = second - vowels;
  if (lead < 19 && vowel < vowelCount)
    return syllables + (lead * vowelCount + vowel) * tailCount;
  uint32_t index = first - syllables, tail = second - tails;
  if (index < syllableCount && index % tailCount == 0 && tail > 0 &&
      tail < tailCount)
    return first + tail;
  auto table = getTable<Composition>(image, image.compositions);
  auto found = std::lower_bound(
      table.begin(), table.end(), std::pair(first, second),
      [](const Composition &c, const std::pair<uint32_t, uint32_t> &pair) {
        return std::pair(c.first, c.second) < pair;
      });
  return found != table.end() && found->first == first &&
                 found->second == second
             ? found->composed
             : 0;
}

void NormalFormer::compose() {
  size_t kept = 0, starter = SIZE_MAX;
  uint8_t before = 0; // the class of the one kept last, behind the starter
  for (uint32_t c : characters) {
    uint8_t mark = getClass(c);
    bool isBlocked = starter == SIZE_MAX ||
                     (kept > starter + 1 && (before == 0 || before >= mark));
    if (!isBlocked)
      if (uint32_t joined = join(characters[starter], c)) {
        characters[starter] = joined;
        continue;
      }
    if (mark == 0)
      starter = kept;
    before = mark;
    characters[kept++] = c;
  }
  characters.resize(kept);
}

static void appendCharacter(std::string &out, uint32_t c) {
  if (c < 0x80) {
    out += char(c);
    return;
  }
  if (c < 0x800) {
    out += char(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      out += char(0xE0 | c >> 12);
    } else {
      out += char(0xF0 | c >> 18);
      out += char(0x80 | (c >> 12 & 0x3F));
    }
    out += char(0x80 | (c >> 6 & 0x3F));
  }
  out += char(0x80 | (c & 0x3F));
}

void NormalFormer::append(std::string_view text, std::string &out) {
  decompose(text);
  order();
  if (composes)
    compose();
  for (uint32_t c : characters)
    appendCharacter(out, c);
}

void quipu::appendNormalForm(const TokenizerImage &image, const TextStep &step,
                             std::string_view text, std::string &out) {
  NormalFormer former(image, step);
  const char *at = text.data(), *end = at + text.size();
  // What is copied as it is ends before `previous`, the last character.
  const char *copied = at, *previous = at;
  while (at != end) {
    const char *begin = at;
    if (former.getMark(takeCodePoint(at)) == 0) {
      previous = begin;
      continue;
    }
    // From the character before to the next one that nothing happens to.
    const char *stretchEnd = at;
    while (at != end) {
      const char *next = at;
      if (former.getMark(takeCodePoint(next)) == 0)
        break;
      stretchEnd = at = next;
    }
    out.append(copied, previous);
    former.append({previous, size_t(stretchEnd - previous)}, out);
    copied = previous = at = stretchEnd;
  }
  out.append(copied, end);
}
