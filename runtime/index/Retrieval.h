//===- Retrieval.h - The passages that fit a question -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_RETRIEVAL_H
#define QUIPU_RUNTIME_INDEX_RETRIEVAL_H

#include "runtime/index/Search.h"

namespace quipu {

struct RetrievedPassage {
  std::string path, title, text;
  int64_t firstLine, lastLine;
  double score;

  /// "docs/abi.md:3-12".
  std::string place() const;
};

struct Retrieval {
  std::vector<RetrievedPassage> passages; // the best first
  double bestScore = -1; // of all, also where none is good enough
};

/// The passages, `most` at most, whose score is `leastScore` at least. Returns
/// a sentence if one of them is damaged, or nothing.
std::string retrieve(const IndexFile &index, std::span<const float> query,
                     size_t most, float leastScore, Workers &workers,
                     Retrieval &retrieval);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_RETRIEVAL_H
