//===- WordPieces.cpp - The longest tokens of a word ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/WordPieces.h"
#include <algorithm>

using namespace quipu;

WordPieces::WordPieces(const TokenizerImage &image)
    : image(image), trie(image, image.trie),
      continuation(trie.empty() ? Trie::none : Trie::root) {
  for (char byte : getText(image, image.continuation))
    if (continuation != Trie::none)
      continuation = trie.getChild(continuation, byte);
}

void WordPieces::encode(std::string_view word,
                        std::vector<int32_t> &ids) const {
  auto isLead = [](char byte) { return (byte & 0xC0) != 0x80; };
  size_t before = ids.size();
  bool isKnown = size_t(std::count_if(word.begin(), word.end(), isLead)) <=
                 image.maxWordCharacters;
  for (size_t begin = 0; isKnown && begin < word.size();) {
    uint32_t node = begin == 0 ? Trie::root : continuation;
    int32_t id = noToken;
    size_t end = begin;
    for (size_t i = begin; i < word.size() && node != Trie::none; ++i) {
      node = trie.getChild(node, word[i]);
      if (node != Trie::none && trie.getValue(node) != noToken) {
        id = trie.getValue(node);
        end = i + 1;
      }
    }
    isKnown = id != noToken;
    if (isKnown)
      ids.push_back(id);
    begin = end;
  }
  if (isKnown)
    return;
  ids.resize(before);
  if (image.unknown != noToken)
    ids.push_back(image.unknown);
}
