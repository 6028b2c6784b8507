//===- Passages.h - What a model reads of a document at a time --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_PASSAGES_H
#define QUIPU_RUNTIME_INDEX_PASSAGES_H

#include "runtime/index/Blocks.h"
#include <functional>
#include <span>

namespace quipu {

/// The passages of a section, one behind the other, are its text.
struct Passage {
  std::string title;   // the headings above it: "Numerics > The contract"
  std::string context; // the end of what comes before it in the section
  std::string text;    // with what separates it from that
  int32_t firstLine, lastLine;

  /// What the model reads.
  std::string whole() const {
    return (title.empty() ? "" : title + "\n") + context + text;
  }
};

struct PassageLimits {
  int32_t tokens;  // of a passage with its title and context, 8 at least
  int32_t context; // of the context

  bool operator==(const PassageLimits &) const = default;
};

/// How many tokens a text has.
using TokenCounter = std::function<int32_t(std::string_view text)>;

/// A passage is of one section, between two headings, and as long as the limits
/// let it. If a section has more, it is cut between blocks, or else between
/// sentences or lines of code; code that fits is not cut. Only what has no such
/// place is cut between words, or characters.
std::vector<Passage> splitPassages(std::span<const Block> blocks,
                                   const PassageLimits &limits,
                                   const TokenCounter &count);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_PASSAGES_H
