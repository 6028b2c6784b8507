//===- ByteAutomata.cpp - Sets of characters, read byte by byte -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/ByteAutomata.h"

using namespace quipu;
using Cover = CharacterSet::Cover;

ByteAutomata::State ByteAutomata::intern(Edges edges) {
  auto [place, isNew] = numbers.try_emplace(edges, State(states.size()));
  if (isNew) {
    for (const Edge &edge : edges) {
      rangeBegins.set(edge.low);
      if (edge.high < 255)
        rangeBegins.set(edge.high + 1);
    }
    states.push_back(std::move(edges));
  }
  return place->second;
}

/// The state that reads so many bytes behind a character's first one.
ByteAutomata::State ByteAutomata::addAnyRest(uint32_t bytes) {
  return bytes == 0 ? accepted : intern({{0x80, 0xBF, addAnyRest(bytes - 1)}});
}

/// The state that reads the last `bytes` bytes of the characters from `low` on
/// that have the same bytes before; some of them are of the set.
ByteAutomata::State ByteAutomata::addRest(const CharacterSet &set, uint32_t low,
                                          uint32_t bytes) {
  if (set.covers(low, low + (1u << (6 * bytes)) - 1) == Cover::Whole)
    return addAnyRest(bytes);
  Edges edges;
  uint32_t size = 1u << (6 * (bytes - 1));
  for (uint8_t byte = 0x80; byte < 0xC0; ++byte, low += size) {
    if (set.covers(low, low + size - 1) == Cover::None)
      continue;
    State next = addRest(set, low, bytes - 1);
    if (!edges.empty() && edges.back().next == next &&
        edges.back().high + 1 == byte)
      edges.back().high = byte;
    else
      edges.push_back({byte, byte, next});
  }
  return intern(std::move(edges));
}

ByteAutomata::State ByteAutomata::add(const CharacterSet &set) {
  Edges edges;
  auto append = [&](uint32_t lead, State next) {
    auto byte = static_cast<uint8_t>(lead);
    if (!edges.empty() && edges.back().next == next &&
        edges.back().high + 1 == byte)
      edges.back().high = byte;
    else
      edges.push_back({byte, byte, next});
  };
  for (uint32_t byte = 0; byte < 0x80; ++byte)
    if (set.contains(byte))
      append(byte, accepted);
  struct Length {
    uint32_t bytes, firstLead, lastLead, least;
  };
  for (Length length :
       {Length{1, 0xC2, 0xDF, 0x80}, Length{2, 0xE0, 0xEF, 0x800},
        Length{3, 0xF0, 0xF4, 0x10000}}) {
    // A character has one form: without those that fewer bytes are enough for.
    CharacterSet longer = set, shorter;
    shorter.add(0, length.least - 1);
    longer.remove(shorter);
    uint32_t size = 1u << (6 * length.bytes);
    for (uint32_t lead = length.firstLead; lead <= length.lastLead; ++lead) {
      uint32_t low = (lead & (0x3Fu >> length.bytes)) * size;
      if (longer.covers(low, low + size - 1) != Cover::None)
        append(lead, addRest(longer, low, length.bytes));
    }
  }
  return intern(std::move(edges));
}

ByteAutomata::State ByteAutomata::step(State state, uint8_t byte) const {
  for (const Edge &edge : states[state])
    if (edge.low <= byte && byte <= edge.high)
      return edge.next;
  return refused;
}
