//===- AxisPlaces.h - Where a sequence's next token is on axes --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rotations may turn a token by places on three axes (M-RoPE), which an image's
// tokens share: then the text behind it is at other places than its positions.
// A token that is given none is one behind the largest place before it, on all
// axes, as transformers has it.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_AXISPLACES_H
#define QUIPU_RUNTIME_ENGINE_AXISPLACES_H

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quipu {

/// The names of the axes, as inputs of an entry; a token has a place on each.
inline constexpr std::string_view axisNames[] = {"time", "height", "width"};
inline constexpr int32_t axisCount = 3;

/// The number of the axis of that name; -1 if there is none.
inline int32_t findAxis(std::string_view name) {
  const auto *found = std::find(axisNames, axisNames + axisCount, name);
  return found == axisNames + axisCount
             ? -1
             : static_cast<int32_t>(found - axisNames);
}

class AxisPlaces {
public:
  /// That of a token at `position` that is given none.
  int32_t next(int32_t position) const {
    auto after = std::upper_bound(
        changes.begin(), changes.end(), position,
        [](int32_t at, const Change &change) { return at < change.position; });
    return position + (after == changes.begin() ? 0 : std::prev(after)->shift);
  }

  /// The token at `position`, the last one so far, has places up to `largest`.
  void add(int32_t position, int32_t largest) {
    int32_t behind = std::max(next(position), largest + 1);
    if (behind != next(position + 1))
      changes.push_back({position + 1, behind - position - 1});
  }

  /// Has room for `count` more tokens; may throw std::bad_alloc.
  void reserve(int32_t count) {
    if (changes.capacity() < changes.size() + count)
      changes.reserve(2 * changes.size() + count);
  }

  /// Tokens from `position` on are no longer there.
  void forget(int32_t position) {
    while (!changes.empty() && changes.back().position > position)
      changes.pop_back();
  }

private:
  /// Tokens from `position` on are by default at their position + shift.
  struct Change {
    int32_t position, shift;
  };
  std::vector<Change> changes; // by rising position
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_AXISPLACES_H
