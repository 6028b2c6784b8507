//===- TokenTrie.cpp - The tokens of a vocabulary by their bytes ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/TokenTrie.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>

using namespace quipu;

std::string_view TokenTrie::text(int32_t token) const {
  std::string_view bytes = tokenizer.bytes(token);
  return tokenizer.isControl(token) || bytes.size() > UINT16_MAX
             ? std::string_view()
             : bytes;
}

bool TokenTrie::has(int32_t token) const {
  return token >= 0 && token < size && !tokenizer.bytes(token).empty();
}

bool TokenTrie::isEnd(int32_t token) const {
  return std::binary_search(endIds.begin(), endIds.end(), token);
}

TokenTrie::TokenTrie(const Tokenizer &tokenizer, int32_t vocabulary,
                     const std::function<bool(int32_t token)> &endsText)
    : tokenizer(tokenizer), size(vocabulary) {
  struct Word {
    std::string_view text;
    int32_t token;
    auto operator<=>(const Word &) const = default;
  };
  std::vector<Word> words;
  for (int32_t token = 0; token < vocabulary; ++token)
    if (endsText(token))
      endIds.push_back(token);
    else if (std::string_view bytes = text(token); !bytes.empty())
      words.push_back({bytes, token});
  std::sort(words.begin(), words.end());

  std::vector<uint32_t> open; // nodes of the last word, by depth
  auto close = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back())
      all[open.back()].skipTo = uint32_t(all.size());
  };
  std::string_view last;
  for (Word word : words) {
    size_t same = size_t(std::mismatch(last.begin(), last.end(),
                                       word.text.begin(), word.text.end())
                             .first -
                         last.begin());
    close(same);
    for (size_t depth = same; depth < word.text.size(); ++depth) {
      open.push_back(uint32_t(all.size()));
      all.push_back({.byte = static_cast<uint8_t>(word.text[depth]),
                     .depth = static_cast<uint16_t>(depth),
                     .skipTo = 0,
                     .tokens = uint32_t(ids.size())});
    }
    deepest = std::max(deepest, uint32_t(word.text.size()));
    ids.push_back(word.token);
    last = word.text;
  }
  close(0);
  all.push_back({.byte = 0,
                 .depth = 0,
                 .skipTo = uint32_t(all.size()),
                 .tokens = uint32_t(ids.size())});
}
