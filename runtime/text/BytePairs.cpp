//===- BytePairs.cpp - Merge the pairs of a word --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/BytePairs.h"
#include <algorithm>
#include <tuple>

using namespace quipu;

BytePairs::BytePairs(const TokenizerImage &image) : image(image) {
  auto *base = reinterpret_cast<const char *>(&image);
  tokens = reinterpret_cast<const TokenEntry *>(base + image.tokensOffset);
  words = reinterpret_cast<const int32_t *>(base + image.wordsOffset);
  merges = reinterpret_cast<const MergeSlot *>(base + image.mergesOffset);
  text = base + image.textOffset;
}

const MergeSlot *BytePairs::find(int32_t left, int32_t right) const {
  uint64_t mask = image.mergeSlots - 1;
  for (uint64_t slot = hashMerge(left, right) & mask;;
       slot = (slot + 1) & mask) {
    const MergeSlot &merge = merges[slot];
    if (merge.rank == MergeSlot::empty)
      return nullptr;
    if (merge.left == uint32_t(left) && merge.right == uint32_t(right))
      return &merge;
  }
}

int32_t BytePairs::findWord(std::string_view word) const {
  uint64_t mask = image.wordSlots - 1;
  for (uint64_t slot = hashWord(word) & mask;; slot = (slot + 1) & mask) {
    int32_t id = words[slot];
    if (id == noToken ||
        std::string_view(text + tokens[id].begin, tokens[id].length) == word)
      return id;
  }
}

void BytePairs::propose(size_t left, size_t right) {
  if (left == end || right == end)
    return;
  const Symbol &l = symbols[left], &r = symbols[right];
  if (l.id == noToken || r.id == noToken)
    return;
  if (const MergeSlot *merge = find(l.id, r.id))
    queue.push_back(
        {merge->rank, merge->joined, left, right, l.bytes + r.bytes});
}

void BytePairs::encode(std::string_view word, std::vector<int32_t> &ids) {
  if (image.ignoreMerges) {
    int32_t id = findWord(word);
    if (id != noToken) {
      ids.push_back(id);
      return;
    }
  }

  symbols.clear();
  queue.clear();
  for (size_t i = 0; i < word.size(); ++i)
    symbols.push_back({i == 0 ? end : i - 1, i + 1 == word.size() ? end : i + 1,
                       1,
                       image.byteTokens[static_cast<unsigned char>(word[i])]});

  auto later = [](const Candidate &a, const Candidate &b) {
    return std::tie(a.rank, a.left) > std::tie(b.rank, b.left);
  };
  for (size_t i = 1; i < symbols.size(); ++i)
    propose(i - 1, i);
  std::make_heap(queue.begin(), queue.end(), later);

  auto proposeLater = [&](size_t left, size_t right) {
    size_t before = queue.size();
    propose(left, right);
    if (queue.size() != before)
      std::push_heap(queue.begin(), queue.end(), later);
  };
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), later);
    Candidate best = queue.back();
    queue.pop_back();
    Symbol &left = symbols[best.left], &right = symbols[best.right];
    // A symbol only grows by swallowing the next one: if both live and are as
    // long as they were, they are the same.
    if (left.bytes == 0 || right.bytes == 0 ||
        left.bytes + right.bytes != best.bytes)
      continue;
    left.bytes = best.bytes;
    left.id = int32_t(best.joined);
    left.next = right.next;
    right.bytes = 0;
    if (left.next != end)
      symbols[left.next].previous = best.left;
    proposeLater(left.previous, best.left);
    proposeLater(best.left, left.next);
  }

  for (size_t i = symbols.empty() ? end : 0; i != end; i = symbols[i].next)
    if (symbols[i].id != noToken)
      ids.push_back(symbols[i].id);
}
