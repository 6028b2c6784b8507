//===- BytePairs.h - Merge the pairs of a word ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_BYTEPAIRS_H
#define QUIPU_RUNTIME_TEXT_BYTEPAIRS_H

#include "runtime/text/Vocabulary.h"
#include <string>

namespace quipu {

/// Byte-pair encoding of one word after another; keeps its memory between them.
class BytePairs {
public:
  explicit BytePairs(const TokenizerImage &image);

  /// Appends the ids of `word` to `ids`: it starts as one token per byte or
  /// character, then the pair of neighbours with the lowest rank is joined, the
  /// leftmost of equals first, until no pair has a rank. O(n log n) in the
  /// word's bytes.
  void encode(std::string_view word, std::vector<int32_t> &ids);

private:
  /// A token of the word so far, in a list by position.
  struct Symbol {
    uint32_t previous;
    uint32_t next;
    uint32_t begin;
    uint32_t bytes; // 0: joined into the one before
    int32_t id;     // noToken: none has this text
  };
  struct Candidate {
    uint32_t rank;
    uint32_t left;
    uint32_t right;
    uint32_t bytes; // of both when this was found: tells that it is outdated
    int32_t joined;
  };
  static constexpr uint32_t end = UINT32_MAX;
  /// Words of fewer symbols are searched for the lowest rank each time.
  static constexpr size_t fewSymbols = 24;

  /// Appends the one token that `text` becomes, or with `isAnyToken` the one
  /// that it is; false if there is none.
  bool appendWhole(std::string_view text, bool isAnyToken,
                   std::vector<int32_t> &ids) const;
  void encodeStretch(std::string_view stretch, std::vector<int32_t> &ids);
  void addSymbols(std::string_view word);
  int32_t findCharacter(std::string_view word, size_t begin, size_t bytes);
  /// The rank of a pair and what it becomes; false if it has none.
  bool find(const Symbol &left, const Symbol &right, Candidate &pair) const;
  void mergeFew();
  void mergeMany();
  void append(std::vector<int32_t> &ids) const;

  const TokenizerImage &image;
  Vocabulary vocabulary;
  std::span<const MergeSlot> merges;
  std::span<const uint64_t> boundaries;
  std::string_view word; // the stretch that is being encoded
  std::vector<Symbol> symbols;
  std::vector<Candidate> queue; // a heap, or by position
  std::string affixed;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_BYTEPAIRS_H
