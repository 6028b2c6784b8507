//===- AddedTokens.h - Tokens that are found in a text ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_ADDEDTOKENS_H
#define QUIPU_RUNTIME_TEXT_ADDEDTOKENS_H

#include "runtime/text/ImageTables.h"
#include "support/ByteSpan.h"
#include <array>
#include <functional>

namespace quipu {

/// Cuts a text at the names of tokens: of those that begin where the first of
/// them does, the longest one counts.
class AddedTokens {
public:
  /// `table` is addedTrie or lateTrie.
  AddedTokens(const TokenizerImage &image, ImageTable table);

  struct Piece {
    std::string_view text; // not empty
    int32_t id;            // noToken: of text between them
  };
  /// Calls `handle` for each piece in order. Control tokens are those without a
  /// byte of `plain`, spans of the text.
  void find(std::string_view text, bool findsControl,
            std::span<const ByteSpan> plain,
            const std::function<void(const Piece &)> &handle) const;

private:
  const AddedToken *findAt(std::string_view text, size_t at, bool findsControl,
                           std::span<const ByteSpan> plain, size_t &end) const;
  bool isWord(std::string_view text, size_t begin, size_t end) const;
  size_t skipSpaces(std::string_view text, size_t at) const;
  size_t skipSpacesBack(std::string_view text, size_t from, size_t at) const;

  Trie trie;
  std::span<const AddedToken> added;
  CodePointMap<uint8_t> spaces;
  std::array<bool, 256> begins; // whether a name begins with this byte
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_ADDEDTOKENS_H
