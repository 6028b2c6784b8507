//===- TextBatch.h - Texts that one call reads side by side -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_TEXTBATCH_H
#define QUIPU_RUNTIME_ENGINE_TEXTBATCH_H

#include "runtime/engine/Session.h"

namespace quipu {

/// Texts, each in a sequence of its own, that a session reads together: a step
/// has tokens of many.
class TextBatch {
public:
  /// The first text is in `firstSequence`, the next in the one behind it.
  TextBatch(Session &session, int32_t entry, int32_t firstSequence = 0)
      : session(session), entry(entry), firstSequence(firstSequence) {}

  int32_t texts() const { return static_cast<int32_t>(firsts.size()); }
  int32_t tokens() const { return static_cast<int32_t>(ids.size()); }

  /// Adds a text of at least one token, which goes on from what its sequence
  /// holds. `types` may be empty: they are zeros then. Of its tokens those from
  /// `selectedFrom` on are selected; -1: the last one.
  void add(std::span<const int32_t> text, std::span<const int32_t> types = {},
           int32_t selectedFrom = -1);

  /// Is given the rows of an output of one text, in order: that of each of its
  /// tokens, or of its selected ones.
  using TextRowReader = std::function<Status(
      int32_t text, int32_t output, int32_t token, const float *numbers)>;
  enum class Sequences { Forget, Keep };
  /// Reads the texts. The batch is empty then, and so are the sequences, each
  /// as soon as it is read: then few pages of the cache are in use. Or what
  /// they hold stays.
  Status run(const TextRowReader &read, Sequences after = Sequences::Forget);

private:
  void forgetUpTo(int32_t &text, int32_t done);

  Session &session;
  int32_t entry, firstSequence;
  std::vector<int32_t> ids, typesOfIds, sequences, selected;
  std::vector<int32_t> firsts; // tokens of texts
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_TEXTBATCH_H
