//===- Matcher.h - Run a regular expression ---------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_MATCHER_H
#define QUIPU_RUNTIME_TEXT_MATCHER_H

#include "runtime/text/ImageTables.h"

namespace quipu {

/// One of an image's automata.
class Matcher {
public:
  Matcher(const TokenizerImage &image, uint32_t number)
      : classes(image, image.classes), columns(image.columns) {
    const Automaton &automaton =
        getTable<Automaton>(image, image.automata)[number];
    entries = getTable<uint16_t>(image, automaton.entries).data();
    readsBytes = automaton.readsBytes;
    bytes = readsBytes ? image.byteClasses : classes.getFirstPage();
    limit = readsBytes ? 0x100 : 0x80;
  }

  static constexpr size_t none = SIZE_MAX;

  /// Where the match ends that begins at `begin`, or none.
  size_t match(std::string_view text, size_t begin) const {
    const char *at = text.data() + begin, *end = text.data() + text.size();
    size_t state = 1, found = none;
    for (;;) {
      const char *next = at;
      size_t column = columns - 1;
      if (at != end) {
        auto byte = static_cast<unsigned char>(*at);
        if (byte < limit) {
          column = bytes[byte];
          ++next;
        } else {
          column = classes[takeCodePoint(next)];
        }
      }
      uint16_t entry = entries[state * columns + column];
      if (entry & Automaton::isMatch)
        found = size_t(at - text.data());
      state = entry & ~Automaton::isMatch;
      if (state == 0 || at == end)
        return found;
      at = next;
    }
  }

  /// Where the next match can begin, behind `at`.
  size_t advance(std::string_view text, size_t at) const {
    return at + (readsBytes ? 1 : getCharacterBytes(text[at]));
  }

private:
  CodePointMap<uint8_t> classes;
  const uint16_t *entries;
  const uint8_t *bytes; // the columns of bytes below `limit`
  size_t columns;
  unsigned limit;
  bool readsBytes;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_MATCHER_H
