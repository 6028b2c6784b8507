//===- Vocabulary.h - Tokens by their keys ----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_VOCABULARY_H
#define QUIPU_RUNTIME_TEXT_VOCABULARY_H

#include "runtime/text/ImageTables.h"
#include <vector>

namespace quipu {

/// What all models of an image look up.
class Vocabulary {
public:
  explicit Vocabulary(const TokenizerImage &image)
      : image(image), tokens(getTable<TokenEntry>(image, image.tokens).data()),
        scores(getTable<double>(image, image.scores)),
        words(getTable<WordSlot>(image, image.words)) {}

  /// The token whose key is `word`, or noToken.
  int32_t find(std::string_view word) const {
    uint64_t hash = hashWord(word), mask = words.size() - 1;
    for (uint64_t slot = hash & mask;; slot = (slot + 1) & mask) {
      const WordSlot &entry = words[slot];
      if (entry.id == noToken || (entry.hash == uint32_t(hash) &&
                                  getText(image, tokens[entry.id].key) == word))
        return entry.id;
    }
  }
  const TokenEntry &operator[](int32_t id) const { return tokens[id]; }
  double getScore(int32_t id) const { return scores[size_t(id)]; }

  /// Appends the ids of a character that no token has: of its bytes if all of
  /// them have tokens, else the unknown one.
  void appendUnknown(std::string_view character,
                     std::vector<int32_t> &ids) const {
    bool hasBytes = true;
    for (char byte : character)
      hasBytes &= image.fallback[static_cast<unsigned char>(byte)] != noToken;
    if (!hasBytes && image.unknown != noToken)
      ids.push_back(image.unknown);
    for (char byte : hasBytes ? character : std::string_view())
      ids.push_back(image.fallback[static_cast<unsigned char>(byte)]);
  }

private:
  const TokenizerImage &image;
  const TokenEntry *tokens;
  std::span<const double> scores;
  std::span<const WordSlot> words;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_VOCABULARY_H
