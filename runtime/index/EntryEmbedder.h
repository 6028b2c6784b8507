//===- EntryEmbedder.h - Vectors of texts by a program's entry --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_ENTRYEMBEDDER_H
#define QUIPU_RUNTIME_INDEX_ENTRYEMBEDDER_H

#include "runtime/engine/Session.h"
#include "runtime/index/UpdateIndex.h"

namespace quipu {

class Tokenizer;

/// Runs texts through an entry that gives an "embedding", many at a time.
class EntryEmbedder : public TextEmbedder {
public:
  /// So many texts share a step at most: the session needs as many sequences.
  static constexpr int32_t sequences = 64;

  /// Is told how many tokens are done; false ends `embed`.
  using Watcher = std::function<bool(uint64_t done, uint64_t total)>;

  EntryEmbedder(Session &session, int32_t entry, const Tokenizer &tokenizer,
                Watcher watch = {});

  std::string name() const override { return session.program().name; }
  int32_t dimensions() const override;
  int32_t countTokens(std::string_view text) const override;
  std::string embed(const std::vector<std::string> &texts,
                    const VectorReader &read) override;

  /// The most tokens of a text behind `prompt`, without those that begin and
  /// end every text.
  int32_t maxTokens(std::string_view prompt) const;

private:
  /// Texts whose tokens a step takes together.
  struct Batch {
    std::vector<int32_t> tokens, sequences, ends;
    std::vector<size_t> texts; // their indices
  };
  Status run(const Batch &batch, const VectorReader &read);

  Session &session;
  const int32_t entry, output;
  const Tokenizer &tokenizer;
  Watcher watch;
  int32_t stepTokens = 0; // of the largest step
};

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_ENTRYEMBEDDER_H
