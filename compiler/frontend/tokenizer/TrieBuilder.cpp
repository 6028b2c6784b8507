//===- TrieBuilder.cpp - Keys as a double array ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/TrieBuilder.h"

using namespace quipu;

namespace {

class Builder {
public:
  using Keys = std::vector<std::pair<std::string, int32_t>>;

  explicit Builder(const Keys &keys) : keys(keys) { grow(); }
  std::vector<TrieNode> build();

private:
  /// A node whose keys are known, and whose children have no place yet.
  struct Pending {
    size_t begin, end; // of the keys
    size_t depth;
    uint32_t node;
  };

  void grow() { nodes.resize(nodes.size() + 256, {0, free, noToken}); }
  uint32_t findBase(const std::vector<unsigned char> &bytes);

  /// Of a node that is none yet; the root has no parent, either.
  static constexpr uint32_t free = TrieNode::noParent;

  const Keys &keys;
  std::vector<TrieNode> nodes;
  size_t firstOpen = 0; // no search begins before this node
};

} // namespace

/// A base that has room for children with these bytes; the root's place is
/// taken.
uint32_t Builder::findBase(const std::vector<unsigned char> &bytes) {
  size_t tries = 0;
  while (firstOpen < nodes.size() &&
         (firstOpen == 0 || nodes[firstOpen].parent != free))
    ++firstOpen;
  for (size_t at = firstOpen;; ++at) {
    if (at == nodes.size())
      grow();
    if (at == 0 || nodes[at].parent != free)
      continue;
    uint32_t base = uint32_t(at) ^ bytes[0];
    bool fits = true;
    for (unsigned char byte : bytes) {
      uint32_t child = base ^ byte;
      fits &= child != 0 && nodes[child].parent == free;
    }
    if (fits)
      return base;
    // What has been tried so often stays open.
    if (++tries > 256)
      firstOpen = std::max(firstOpen, at - 128);
  }
}

std::vector<TrieNode> Builder::build() {
  std::vector<Pending> pending = {{0, keys.size(), 0, 0}};
  std::vector<unsigned char> bytes;
  std::vector<size_t> begins;
  while (!pending.empty()) {
    Pending now = pending.back();
    pending.pop_back();
    size_t at = now.begin;
    if (keys[at].first.size() == now.depth)
      nodes[now.node].value = keys[at++].second;
    bytes.clear();
    begins.clear();
    for (; at < now.end; ++at) {
      auto byte = static_cast<unsigned char>(keys[at].first[now.depth]);
      if (bytes.empty() || bytes.back() != byte) {
        bytes.push_back(byte);
        begins.push_back(at);
      }
    }
    if (bytes.empty())
      continue;
    begins.push_back(now.end);
    uint32_t base = findBase(bytes);
    nodes[now.node].base = base;
    for (size_t i = 0; i < bytes.size(); ++i) {
      uint32_t child = base ^ bytes[i];
      nodes[child].parent = now.node;
      pending.push_back({begins[i], begins[i + 1], now.depth + 1, child});
    }
  }
  return nodes;
}

std::vector<TrieNode>
quipu::buildTrie(const std::map<std::string, int32_t> &keys) {
  if (keys.empty())
    return {};
  // A map of strings is sorted by their bytes.
  Builder::Keys sorted(keys.begin(), keys.end());
  return Builder(sorted).build();
}
