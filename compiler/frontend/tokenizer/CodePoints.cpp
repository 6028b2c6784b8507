//===- CodePoints.cpp - Sets of characters --------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/CodePoints.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Unicode.h"
#include <map>

using namespace llvm;
using namespace quipu;

namespace {
struct PropertyRange {
  uint32_t first;
  uint32_t property;
};
using CombiningClass = std::pair<uint32_t, unsigned>;
#include "compiler/frontend/tokenizer/UnicodeData.inc"
} // namespace

CodePoints::CodePoints(ArrayRef<Range> unsorted) {
  std::vector<Range> sorted(unsorted.begin(), unsorted.end());
  llvm::sort(sorted, [](Range a, Range b) { return a.first < b.first; });
  for (Range range : sorted)
    if (!ranges.empty() && range.first <= ranges.back().last + 1)
      ranges.back().last = std::max(ranges.back().last, range.last);
    else
      ranges.push_back(range);
}

CodePoints CodePoints::of(StringRef asciiCharacters) {
  std::vector<Range> ranges;
  for (unsigned char c : asciiCharacters)
    ranges.push_back({c, c});
  return CodePoints(ranges);
}

bool CodePoints::contains(uint32_t codePoint) const {
  auto next = llvm::upper_bound(
      ranges, codePoint, [](uint32_t c, Range r) { return c < r.first; });
  return next != ranges.begin() && codePoint <= std::prev(next)->last;
}

CodePoints CodePoints::operator|(const CodePoints &other) const {
  std::vector<Range> both = ranges;
  llvm::append_range(both, other.ranges);
  return CodePoints(both);
}

CodePoints CodePoints::operator~() const {
  std::vector<Range> gaps;
  uint32_t next = 0;
  for (Range range : ranges) {
    if (range.first > next)
      gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= last)
    gaps.push_back({next, last});
  return CodePoints(gaps);
}

CodePoints CodePoints::operator&(const CodePoints &other) const {
  return ~(~*this | ~other);
}

/// Characters that differ in their case only, two and more each.
static std::vector<std::vector<uint32_t>> findCaseVariants() {
  std::map<int, std::vector<uint32_t>> byFold;
  for (uint32_t c = 0; c <= CodePoints::last; ++c)
    if (int folded = sys::unicode::foldCharSimple(int(c)); folded != int(c))
      byFold[folded].push_back(c);
  std::vector<std::vector<uint32_t>> variants;
  for (auto &[folded, characters] : byFold) {
    characters.push_back(uint32_t(folded));
    variants.push_back(characters);
  }
  return variants;
}

CodePoints CodePoints::ignoringCase() const {
  static const std::vector<std::vector<uint32_t>> variants = findCaseVariants();
  std::vector<Range> more = ranges;
  for (const std::vector<uint32_t> &characters : variants)
    if (any_of(characters, [&](uint32_t c) { return contains(c); }))
      for (uint32_t c : characters)
        more.push_back({c, c});
  return CodePoints(more);
}

/// The ranges whose property's name `isWanted`.
static CodePoints select(ArrayRef<PropertyRange> ranges,
                         ArrayRef<const char *> names,
                         function_ref<bool(StringRef)> isWanted) {
  std::vector<CodePoints::Range> selected;
  for (auto [index, range] : enumerate(ranges))
    if (range.property < names.size() && isWanted(names[range.property]))
      selected.push_back({range.first, index + 1 < ranges.size()
                                           ? ranges[index + 1].first - 1
                                           : CodePoints::last});
  return CodePoints(selected);
}

std::optional<CodePoints> CodePoints::withProperty(StringRef name) {
  if (name.equals_insensitive("white_space") ||
      name.equals_insensitive("space"))
    return whiteSpace();
  if (name.equals_insensitive("alphabetic") || name.equals_insensitive("alpha"))
    return CodePoints(alphabetics);
  CodePoints found = select(categories, categoryNames, [&](StringRef category) {
    return category.equals_insensitive(name) ||
           (name.size() == 1 && category.take_front().equals_insensitive(name));
  });
  if (found.empty())
    found = select(scripts, scriptNames, [&](StringRef script) {
      return script.equals_insensitive(name);
    });
  if (found.empty())
    return std::nullopt;
  return found;
}

CodePoints CodePoints::whiteSpace() { return CodePoints(whiteSpaces); }

CodePoints CodePoints::accents() {
  return (*withProperty("Mn") & ~CodePoints(newerMarks)) |
         CodePoints({{0x1734, 0x1734}, {0x1171E, 0x1171E}});
}

std::vector<CodePoints> CodePoints::splitScripts() {
  std::vector<CodePoints> made;
  for (StringRef name : scriptNames)
    if (CodePoints script =
            select(tokenizerScripts, scriptNames,
                   [&](StringRef other) { return other == name; });
        !script.empty())
      made.push_back(std::move(script));
  return made;
}

CodePoints CodePoints::combiningMarks() {
  return *withProperty("M") & ~CodePoints(newerCombining);
}

CodePoints CodePoints::punctuation() {
  CodePoints symbols({{'!', '/'},
                      {':', '@'},
                      {'[', '`'},
                      {'{', '~'},
                      {0x166D, 0x166D},
                      {0x111C9, 0x111C9}});
  return (*withProperty("P") & ~CodePoints(newerPunctuation)) | symbols;
}

CodePoints CodePoints::wordCharacters() {
  return *withProperty("L") | *withProperty("M") | *withProperty("Nd") |
         *withProperty("Pc") | CodePoints(alphabetics);
}

ArrayRef<CharacterMapping> quipu::getDecompositions(bool isCompatible) {
  return isCompatible ? ArrayRef<CharacterMapping>(mappedNFKD)
                      : ArrayRef<CharacterMapping>(mappedNFD);
}
ArrayRef<CharacterMapping> quipu::getLowerCase() { return lowerCase; }
ArrayRef<Composition> quipu::getCompositions() { return compositions; }
ArrayRef<CombiningClass> quipu::getCombiningClasses() {
  return combiningClasses;
}
