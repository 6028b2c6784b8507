//===- CharacterSet.h - Sets of characters ----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_CHARACTERSET_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_CHARACTERSET_H

#include <cstdint>
#include <vector>

namespace quipu {

/// Code points that UTF-8 can have: no surrogates.
class CharacterSet {
public:
  static constexpr uint32_t last = 0x10FFFF;

  struct Range {
    uint32_t low, high;
    bool operator==(const Range &) const = default;
    auto operator<=>(const Range &) const = default;
  };

  CharacterSet() = default;
  static CharacterSet all();

  void add(uint32_t low, uint32_t high) { ranges.push_back({low, high}); }
  void add(const CharacterSet &other) {
    ranges.insert(ranges.end(), other.ranges.begin(), other.ranges.end());
  }
  /// Sorts and joins the ranges that were added, without surrogates.
  void normalize();

  // Of normalised sets.
  void negate();
  void remove(const CharacterSet &other);
  bool contains(uint32_t character) const {
    return covers(character, character) == Cover::Whole;
  }
  enum class Cover { None, Part, Whole };
  /// How much of low ... high the set has.
  Cover covers(uint32_t low, uint32_t high) const;

  const std::vector<Range> &get() const { return ranges; }

private:
  std::vector<Range> ranges;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_CHARACTERSET_H
