//===- ByteAutomata.h - Sets of characters, read byte by byte ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_BYTEAUTOMATA_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_BYTEAUTOMATA_H

#include "runtime/generate/grammar/CharacterSet.h"
#include <bitset>
#include <map>

namespace quipu {

/// The UTF-8 of sets of characters as automata. What several sets have in
/// common, as the rest of any character, they share.
class ByteAutomata {
public:
  using State = uint32_t;
  static constexpr State accepted = 0, refused = UINT32_MAX;

  /// The state that reads one character of the set, which is not empty.
  State add(const CharacterSet &set);
  /// The state behind a byte, `accepted` or `refused`.
  State step(State state, uint8_t byte) const;

  uint32_t stateCount() const { return uint32_t(states.size()); }
  /// Bytes at which a range of some state begins.
  const std::bitset<256> &borders() const { return rangeBegins; }

private:
  struct Edge {
    uint8_t low, high;
    State next;
    auto operator<=>(const Edge &) const = default;
  };
  using Edges = std::vector<Edge>;

  State intern(Edges edges);
  State addAnyRest(uint32_t bytes);
  State addRest(const CharacterSet &set, uint32_t low, uint32_t bytes);

  std::vector<Edges> states = {{}}; // the first is `accepted`
  std::map<Edges, State> numbers;
  std::bitset<256> rangeBegins;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_BYTEAUTOMATA_H
