//===- Alignment.cpp - Where in a text its tokens are ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Alignment.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <cctype>

using namespace quipu;

static bool isBlank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool isPunctuation(char byte) {
  return ispunct(static_cast<unsigned char>(byte));
}

static std::vector<int32_t> encodePart(const Tokenizer &tokenizer,
                                       std::string_view text) {
  return tokenizer.encode(text, {.addSpecial = false, .parseSpecial = false});
}

/// The parts of a word, blanks before it included, between and of punctuation.
static std::vector<std::string_view> divide(std::string_view word) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 1; i < word.size(); ++i)
    if (!isBlank(word[i - 1]) &&
        (isPunctuation(word[i]) || isPunctuation(word[i - 1]))) {
      parts.push_back(word.substr(begin, i - begin));
      begin = i;
    }
  parts.push_back(word.substr(begin));
  return parts;
}

std::vector<ByteSpan> quipu::alignTokens(const Tokenizer &tokenizer,
                                         std::string_view text,
                                         std::span<const int32_t> ids) {
  std::vector<ByteSpan> spans;
  spans.reserve(ids.size());
  auto matches = [&](std::span<const int32_t> found) {
    return found.size() <= ids.size() - spans.size() &&
           std::equal(found.begin(), found.end(), ids.begin() + spans.size());
  };
  auto add = [&](std::string_view part, size_t count) {
    size_t begin = part.data() - text.data(), end = begin + part.size();
    while (begin < end && isBlank(text[begin]))
      ++begin;
    spans.resize(spans.size() + count, {begin, end});
  };
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && isBlank(text[end]))
      ++end;
    while (end < text.size() && !isBlank(text[end]))
      ++end;
    std::string_view word = text.substr(begin, end - begin);
    begin = end;
    std::vector<int32_t> whole = encodePart(tokenizer, word);
    if (!matches(whole))
      return {};
    std::vector<std::vector<int32_t>> divided;
    std::vector<int32_t> joined;
    std::vector<std::string_view> parts = divide(word);
    for (std::string_view part : parts) {
      divided.push_back(encodePart(tokenizer, part));
      joined.insert(joined.end(), divided.back().begin(), divided.back().end());
    }
    if (joined == whole)
      for (size_t i = 0; i < parts.size(); ++i)
        add(parts[i], divided[i].size());
    else
      add(word, whole.size());
  }
  return spans.size() == ids.size() ? spans : std::vector<ByteSpan>();
}
