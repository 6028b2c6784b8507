//===- TokenTrie.h - The tokens of a vocabulary by their bytes --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_GRAMMAR_TOKENTRIE_H
#define QUIPU_RUNTIME_GENERATE_GRAMMAR_TOKENTRIE_H

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace quipu {

class Tokenizer;

/// All tokens that may stand for text, so that those which begin alike are
/// looked at together.
class TokenTrie {
public:
  /// Tokens are below `vocabulary`, the number of logits; `endsText` says which
  /// of them end a text. `tokenizer` must outlive the trie.
  TokenTrie(const Tokenizer &tokenizer, int32_t vocabulary,
            const std::function<bool(int32_t token)> &endsText);

  /// A node, in the order of a walk that goes down first.
  struct Node {
    uint8_t byte;    // its last one
    uint16_t depth;  // how many bytes come before that
    uint32_t skipTo; // the next node that does not begin like this one
    uint32_t tokens; // the first of its tokens; the next node's come behind
  };

  /// The last of them is none, but the end.
  std::span<const Node> nodes() const { return all; }
  /// Of all nodes.
  std::span<const int32_t> tokens() const { return ids; }
  std::span<const int32_t> ends() const { return endIds; }
  bool isEnd(int32_t token) const;
  /// Whether there is such a token, and it says anything.
  bool has(int32_t token) const;
  /// The bytes of a token, "" for what stands for no text.
  std::string_view text(int32_t token) const;
  int32_t vocabulary() const { return size; }
  uint32_t maxDepth() const { return deepest; }

private:
  const Tokenizer &tokenizer;
  int32_t size;
  std::vector<Node> all;
  std::vector<int32_t> ids, endIds; // `endIds` rise
  uint32_t deepest = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_GRAMMAR_TOKENTRIE_H
