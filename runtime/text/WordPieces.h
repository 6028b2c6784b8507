//===- WordPieces.h - The longest tokens of a word --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_WORDPIECES_H
#define QUIPU_RUNTIME_TEXT_WORDPIECES_H

#include "runtime/text/Vocabulary.h"

namespace quipu {

/// WordPiece: at each position of a word the longest token, all but the first
/// with a prefix ("##"). A word without such tokens is unknown.
class WordPieces {
public:
  explicit WordPieces(const TokenizerImage &image);

  void encode(std::string_view word, std::vector<int32_t> &ids) const;

private:
  const TokenizerImage &image;
  Trie trie;
  uint32_t continuation; // the node behind the prefix, or Trie::none
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_WORDPIECES_H
