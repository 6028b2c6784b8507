//===- CharacterSet.cpp - Sets of characters ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/CharacterSet.h"
#include <algorithm>

using namespace quipu;

CharacterSet CharacterSet::all() {
  CharacterSet set;
  set.add(0, last);
  set.normalize();
  return set;
}

void CharacterSet::normalize() {
  std::vector<Range> given = std::move(ranges);
  std::sort(given.begin(), given.end());
  ranges.clear();
  auto append = [&](uint32_t low, uint32_t high) {
    if (low > high)
      return;
    if (!ranges.empty() && low <= ranges.back().high + 1)
      ranges.back().high = std::max(ranges.back().high, high);
    else
      ranges.push_back({low, high});
  };
  for (Range range : given) {
    append(range.low, std::min(range.high, 0xD7FFu));
    append(std::max(range.low, 0xE000u), range.high);
  }
}

void CharacterSet::negate() {
  std::vector<Range> given = std::move(ranges);
  ranges.clear();
  uint32_t next = 0;
  for (Range range : given) {
    if (next < range.low)
      ranges.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= last)
    ranges.push_back({next, last});
  normalize();
}

void CharacterSet::remove(const CharacterSet &other) {
  negate();
  add(other);
  normalize();
  negate();
}

CharacterSet::Cover CharacterSet::covers(uint32_t low, uint32_t high) const {
  auto range = std::lower_bound(
      ranges.begin(), ranges.end(), low,
      [](const Range &range, uint32_t number) { return range.high < number; });
  if (range == ranges.end() || range->low > high)
    return Cover::None;
  return range->low <= low && high <= range->high ? Cover::Whole : Cover::Part;
}
