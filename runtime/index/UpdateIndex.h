//===- UpdateIndex.h - From a folder to an index ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_UPDATEINDEX_H
#define QUIPU_RUNTIME_INDEX_UPDATEINDEX_H

#include "runtime/index/DocumentFiles.h"
#include "runtime/index/IndexFile.h"

namespace quipu {

/// The model that makes vectors of texts.
class TextEmbedder {
public:
  virtual ~TextEmbedder() = default;

  virtual std::string name() const = 0;
  virtual int32_t dimensions() const = 0;
  /// How many tokens a text has, without those that begin and end every text.
  virtual int32_t countTokens(std::string_view text) const = 0;

  /// Is given the vector of text number `index`, in any order.
  using VectorReader =
      std::function<void(size_t index, std::span<const float> vector)>;
  /// Returns a sentence about what failed, or nothing.
  virtual std::string embed(const std::vector<std::string> &texts,
                            const VectorReader &read) = 0;
};

struct UpdateOptions {
  std::string folder, output;
  std::string prompt; // before each passage, for the model
  PassageLimits limits;
};

/// What an update has met.
struct UpdateCounts {
  size_t files = 0;  // in the index now
  size_t kept = 0;   // of them as they were
  size_t gone = 0;   // of the index as it was
  size_t binary = 0; // left out
  size_t passages = 0, embedded = 0;
  std::string spoiled; // why the index as it was could not be read, if it was
};

/// Writes the index of a folder. Of an index that `output` names, files that
/// have not changed keep their vectors; one that is damaged is made anew.
/// Returns a sentence about what failed, or nothing; then no file has changed.
std::string updateIndex(const UpdateOptions &options, TextEmbedder &embedder,
                        const Complaint &complain, UpdateCounts &counts);

/// A sentence if the index was made with another model than the one that makes
/// this of `probeText`, or nothing.
std::string checkModel(const IndexFile &index, const std::string &path,
                       const std::string &name, std::span<const float> probe);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_UPDATEINDEX_H
