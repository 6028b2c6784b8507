//===- ImageTables.h - The tables of a tokenizer ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_IMAGETABLES_H
#define QUIPU_RUNTIME_TEXT_IMAGETABLES_H

#include "abi/TokenizerImage.h"
#include <span>

namespace quipu {

template <typename T>
std::span<const T> getTable(const TokenizerImage &image, ImageTable table) {
  auto *base = reinterpret_cast<const char *>(&image) + table.offset;
  return {reinterpret_cast<const T *>(base), size_t(table.count)};
}

inline std::string_view getText(const TokenizerImage &image, TextSpan span) {
  auto text = getTable<char>(image, image.text);
  return {text.data() + span.begin, span.length};
}

/// A value for each code point.
template <typename T> class CodePointMap {
public:
  CodePointMap(const TokenizerImage &image, const CodePointTable &table)
      : pages(getTable<uint16_t>(image, table.pages).data()),
        values(getTable<T>(image, table.values).data()) {}

  T operator[](uint32_t codePoint) const {
    return values[size_t(pages[codePoint >> 8]) << 8 | (codePoint & 0xff)];
  }
  /// The values of U+0000 to U+00FF.
  const T *getFirstPage() const { return values + (size_t(pages[0]) << 8); }

private:
  const uint16_t *pages;
  const T *values;
};

/// Finds keys in front of a text.
class Trie {
public:
  static constexpr uint32_t root = 0, none = UINT32_MAX;

  Trie(const TokenizerImage &image, ImageTable table)
      : nodes(getTable<TrieNode>(image, table)) {}

  bool empty() const { return nodes.empty(); }
  uint32_t getChild(uint32_t node, char byte) const {
    uint32_t child = nodes[node].base ^ static_cast<unsigned char>(byte);
    return nodes[child].parent == node ? child : none;
  }
  int32_t getValue(uint32_t node) const { return nodes[node].value; }

private:
  std::span<const TrieNode> nodes;
};

/// The code point at the front of `text`, which is well-formed; moves on.
inline uint32_t takeCodePoint(const char *&text) {
  auto next = [&] { return static_cast<unsigned char>(*text++); };
  uint32_t lead = next();
  if (lead < 0x80)
    return lead;
  uint32_t codePoint = lead < 0xE0   ? lead & 0x1F
                       : lead < 0xF0 ? lead & 0xF
                                     : lead & 7;
  codePoint = codePoint << 6 | (next() & 0x3F);
  if (lead >= 0xE0)
    codePoint = codePoint << 6 | (next() & 0x3F);
  if (lead >= 0xF0)
    codePoint = codePoint << 6 | (next() & 0x3F);
  return codePoint;
}

/// The bytes of the character that begins with `lead`.
inline unsigned getCharacterBytes(char lead) {
  auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_IMAGETABLES_H
