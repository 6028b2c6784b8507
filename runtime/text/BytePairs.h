//===- BytePairs.h - Merge the pairs of a word ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_BYTEPAIRS_H
#define QUIPU_RUNTIME_TEXT_BYTEPAIRS_H

#include "abi/TokenizerImage.h"
#include <string_view>
#include <vector>

namespace quipu {

/// Byte-pair encoding of one word after another; keeps its memory between them.
class BytePairs {
public:
  explicit BytePairs(const TokenizerImage &image);

  /// Appends the ids of `word` to `ids`: it starts as one token per byte, then
  /// the pair of neighbours with the lowest rank is joined, the leftmost of
  /// equals first, until no pair has a rank. O(n log n) in the word's bytes.
  void encode(std::string_view word, std::vector<int32_t> &ids);

private:
  /// A token of the word so far, in a list by position.
  struct Symbol {
    size_t previous;
    size_t next;
    size_t bytes; // 0: joined into the one before
    int32_t id;   // noToken: a byte without a token
  };
  struct Candidate {
    uint32_t rank;
    uint32_t joined;
    size_t left;
    size_t right;
    size_t bytes; // of both when this was found: tells that it is outdated
  };
  static constexpr size_t end = SIZE_MAX;

  const MergeSlot *find(int32_t left, int32_t right) const;
  int32_t findWord(std::string_view word) const;
  void propose(size_t left, size_t right);

  const TokenizerImage &image;
  const TokenEntry *tokens;
  const int32_t *words;
  const MergeSlot *merges;
  const char *text;
  std::vector<Symbol> symbols;
  std::vector<Candidate> queue; // a heap
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_BYTEPAIRS_H
