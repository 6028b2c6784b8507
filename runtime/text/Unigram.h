//===- Unigram.h - The most probable tokens of a word -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_UNIGRAM_H
#define QUIPU_RUNTIME_TEXT_UNIGRAM_H

#include "runtime/text/Vocabulary.h"

namespace quipu {

/// The sequence of tokens whose scores have the largest sum, by Viterbi's
/// search over a trie; keeps its memory between words.
class Unigram {
public:
  explicit Unigram(const TokenizerImage &image)
      : image(image), vocabulary(image), trie(image, image.trie) {}

  void encode(std::string_view word, std::vector<int32_t> &ids);

private:
  /// The best way to where the word's byte of that number begins.
  struct Step {
    double score;
    size_t begin; // of the last token
    int32_t id;   // noToken: it is unknown
  };

  const TokenizerImage &image;
  Vocabulary vocabulary;
  Trie trie;
  std::vector<Step> steps;
  std::vector<size_t> ends;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_UNIGRAM_H
