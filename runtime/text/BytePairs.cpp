//===- BytePairs.cpp - Merge the pairs of a word --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/BytePairs.h"
#include <algorithm>
#include <bit>
#include <tuple>

using namespace quipu;

BytePairs::BytePairs(const TokenizerImage &image)
    : image(image), vocabulary(image),
      merges(getTable<MergeSlot>(image, image.merges)),
      boundaries(getTable<uint64_t>(image, image.boundaries)) {}

/// Ascending where scores descend.
static uint32_t getRank(double score) {
  auto bits = std::bit_cast<uint32_t>(float(score));
  return bits >> 31 ? bits : ~bits & 0x7fffffff;
}

bool BytePairs::find(const Symbol &left, const Symbol &right,
                     Candidate &pair) const {
  if (image.model == ModelKind::SentencePieces) {
    int32_t id =
        vocabulary.find(word.substr(left.begin, left.bytes + right.bytes));
    if (id == noToken)
      return false;
    pair.rank = getRank(vocabulary.getScore(id));
    pair.joined = id;
    return true;
  }
  if (left.id == noToken || right.id == noToken)
    return false;
  uint64_t mask = merges.size() - 1;
  for (uint64_t slot = hashMerge(left.id, right.id) & mask;;
       slot = (slot + 1) & mask) {
    const MergeSlot &merge = merges[slot];
    if (merge.rank == MergeSlot::empty)
      return false;
    if (merge.left == uint32_t(left.id) && merge.right == uint32_t(right.id)) {
      pair.rank = merge.rank;
      pair.joined = int32_t(merge.joined);
      return true;
    }
  }
}

int32_t BytePairs::findCharacter(std::string_view text, size_t begin,
                                 size_t bytes) {
  bool isFirst = begin == 0, isLast = begin + bytes == text.size();
  bool hasAffix = (!isFirst && image.continuation.length) ||
                  (isLast && image.wordEnd.length);
  std::string_view character = text.substr(begin, bytes);
  if (!hasAffix)
    return bytes == 1
               ? image.byteTokens[static_cast<unsigned char>(text[begin])]
               : vocabulary.find(character);
  affixed.clear();
  if (!isFirst)
    affixed += getText(image, image.continuation);
  affixed += character;
  if (isLast)
    affixed += getText(image, image.wordEnd);
  return vocabulary.find(affixed);
}

void BytePairs::addSymbols(std::string_view text) {
  symbols.clear();
  for (uint32_t i = 0; i < text.size();) {
    uint32_t bytes = image.byteLevel ? 1 : getCharacterBytes(text[i]);
    auto index = uint32_t(symbols.size());
    symbols.push_back(
        {index - 1, index + 1, i, bytes, findCharacter(text, i, bytes)});
    i += bytes;
  }
  if (!symbols.empty())
    symbols.back().next = end;
}

void BytePairs::mergeFew() {
  // queue[i] is the pair of symbols i and i + 1.
  constexpr uint32_t unranked = UINT32_MAX;
  queue.assign(symbols.size(), {unranked, 0, 0, 0, noToken});
  auto rank = [&](size_t i) {
    queue[i].rank = unranked;
    if (i + 1 < symbols.size())
      find(symbols[i], symbols[i + 1], queue[i]);
  };
  for (size_t i = 0; i + 1 < symbols.size(); ++i)
    rank(i);
  for (;;) {
    size_t best = 0;
    for (size_t i = 1; i < queue.size(); ++i)
      if (queue[i].rank < queue[best].rank)
        best = i;
    if (queue.empty() || queue[best].rank == unranked)
      break;
    symbols[best].bytes += symbols[best + 1].bytes;
    symbols[best].id = queue[best].joined;
    symbols.erase(symbols.begin() + ptrdiff_t(best) + 1);
    queue.erase(queue.begin() + ptrdiff_t(best) + 1);
    rank(best);
    if (best > 0)
      rank(best - 1);
  }
  for (size_t i = 0; i < symbols.size(); ++i)
    symbols[i].next = i + 1 < symbols.size() ? uint32_t(i + 1) : end;
}

void BytePairs::mergeMany() {
  queue.clear();
  auto later = [](const Candidate &a, const Candidate &b) {
    return std::tie(a.rank, a.left) > std::tie(b.rank, b.left);
  };
  auto propose = [&](uint32_t left, uint32_t right) {
    if (left == end || right == end)
      return false;
    Candidate pair = {0, left, right,
                      symbols[left].bytes + symbols[right].bytes, noToken};
    if (!find(symbols[left], symbols[right], pair))
      return false;
    queue.push_back(pair);
    return true;
  };
  for (uint32_t i = 1; i < symbols.size(); ++i)
    propose(i - 1, i);
  std::make_heap(queue.begin(), queue.end(), later);
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
    left.id = best.joined;
    left.next = right.next;
    right.bytes = 0;
    if (left.next != end)
      symbols[left.next].previous = best.left;
    if (propose(left.previous, best.left))
      std::push_heap(queue.begin(), queue.end(), later);
    if (propose(best.left, left.next))
      std::push_heap(queue.begin(), queue.end(), later);
  }
}

void BytePairs::append(std::vector<int32_t> &ids) const {
  for (uint32_t i = 0; i != end; i = symbols[i].next) {
    const Symbol &symbol = symbols[i];
    if (symbol.id != noToken)
      ids.push_back(symbol.id);
    else
      vocabulary.appendUnknown(word.substr(symbol.begin, symbol.bytes), ids);
  }
}

bool BytePairs::appendWhole(std::string_view text, bool isAnyToken,
                            std::vector<int32_t> &ids) const {
  int32_t id = vocabulary.find(text);
  if (id == noToken || (!isAnyToken && !vocabulary[id].isWhole))
    return false;
  ids.push_back(id);
  return true;
}

void BytePairs::encodeStretch(std::string_view stretch,
                              std::vector<int32_t> &ids) {
  word = stretch;
  addSymbols(stretch);
  if (symbols.size() < fewSymbols)
    mergeFew();
  else
    mergeMany();
  append(ids);
}

void BytePairs::encode(std::string_view text, std::vector<int32_t> &ids) {
  if (appendWhole(text, image.ignoreMerges, ids))
    return;
  size_t first = ids.size();
  const char *begin = text.data(), *at = begin, *last = begin + text.size();
  if (!boundaries.empty()) {
    auto isMarked = [&](uint32_t before, uint32_t next) {
      uint32_t bit = hashPair(before, next);
      return (boundaries[bit / 64] >> bit % 64 & 1) != 0;
    };
    uint32_t before = takeCodePoint(at);
    while (at != last) {
      const char *character = at;
      uint32_t next = takeCodePoint(at);
      bool isInToken =
          isMarked(before, next) ||
          (image.byteLevel &&
           isMarked(brokenCharacter | static_cast<unsigned char>(character[-1]),
                    brokenCharacter | static_cast<unsigned char>(*character)));
      before = next;
      if (isInToken)
        continue;
      // No token has characters on both sides.
      std::string_view stretch(begin, size_t(character - begin));
      if (!appendWhole(stretch, false, ids))
        encodeStretch(stretch, ids);
      begin = character;
    }
  }
  std::string_view rest(begin, size_t(last - begin));
  if (rest.size() == text.size() || !appendWhole(rest, false, ids))
    encodeStretch(rest, ids);
  if (image.fuseUnknown)
    ids.erase(std::unique(ids.begin() + ptrdiff_t(first), ids.end(),
                          [&](int32_t a, int32_t b) {
                            return a == image.unknown && b == a;
                          }),
              ids.end());
}
