//===- AddedTokens.cpp - Tokens that are found in a text ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/AddedTokens.h"
#include <algorithm>

using namespace quipu;

AddedTokens::AddedTokens(const TokenizerImage &image, ImageTable table)
    : trie(image, table), added(getTable<AddedToken>(image, image.added)),
      spaces(image, image.spaces), begins() {
  for (unsigned byte = 0; byte < begins.size() && !trie.empty(); ++byte)
    begins[byte] = trie.getChild(Trie::root, char(byte)) != Trie::none;
}

/// Whether one of the spans has a byte between `begin` and `end`.
static bool overlaps(std::span<const ByteSpan> spans, size_t begin,
                     size_t end) {
  auto span = std::ranges::upper_bound(spans, begin, {}, &ByteSpan::end);
  return span != spans.end() && span->begin < end;
}

const AddedToken *AddedTokens::findAt(std::string_view text, size_t at,
                                      bool findsControl,
                                      std::span<const ByteSpan> plain,
                                      size_t &end) const {
  const AddedToken *found = nullptr;
  uint32_t node = Trie::root;
  for (size_t i = at; i < text.size(); ++i) {
    node = trie.getChild(node, text[i]);
    if (node == Trie::none)
      break;
    int32_t index = trie.getValue(node);
    if (index == noToken)
      continue;
    const AddedToken &token = added[size_t(index)];
    if ((token.flags & AddedToken::Control) &&
        (!findsControl || overlaps(plain, at, i + 1)))
      continue;
    found = &token;
    end = i + 1;
  }
  return found;
}

/// Where the character before `at` begins.
static size_t stepBack(std::string_view text, size_t at) {
  do
    --at;
  while (at > 0 && (text[at] & 0xC0) == 0x80);
  return at;
}

/// Whether nothing that belongs to a word stands next to it.
bool AddedTokens::isWord(std::string_view text, size_t begin,
                         size_t end) const {
  auto isWordCharacter = [&](size_t at) {
    const char *character = text.data() + at;
    return (spaces[takeCodePoint(character)] & 2) != 0;
  };
  return (begin == 0 || !isWordCharacter(stepBack(text, begin))) &&
         (end == text.size() || !isWordCharacter(end));
}

size_t AddedTokens::skipSpaces(std::string_view text, size_t at) const {
  while (at < text.size()) {
    const char *next = text.data() + at;
    if (!(spaces[takeCodePoint(next)] & 1))
      break;
    at = size_t(next - text.data());
  }
  return at;
}

size_t AddedTokens::skipSpacesBack(std::string_view text, size_t from,
                                   size_t at) const {
  while (at > from) {
    size_t before = stepBack(text, at);
    const char *character = text.data() + before;
    if (!(spaces[takeCodePoint(character)] & 1))
      break;
    at = before;
  }
  return at;
}

void AddedTokens::find(std::string_view text, bool findsControl,
                       std::span<const ByteSpan> plain,
                       const std::function<void(const Piece &)> &handle) const {
  size_t gap = 0, at = 0;
  while (!trie.empty() && at < text.size()) {
    if (!begins[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    size_t end = 0;
    const AddedToken *token = findAt(text, at, findsControl, plain, end);
    if (!token) {
      ++at;
      continue;
    }
    size_t begin = at;
    at = end;
    if ((token->flags & AddedToken::SingleWord) && !isWord(text, begin, end))
      continue;
    if (token->flags & AddedToken::StripLeft)
      begin = skipSpacesBack(text, gap, begin);
    if (token->flags & AddedToken::StripRight)
      end = skipSpaces(text, end);
    if (begin > gap)
      handle({text.substr(gap, begin - gap), noToken});
    handle({text.substr(begin, end - begin), token->id});
    gap = at = end;
  }
  if (gap < text.size())
    handle({text.substr(gap), noToken});
}
