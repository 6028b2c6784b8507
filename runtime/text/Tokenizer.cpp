//===- Tokenizer.cpp - Text to token ids and back -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/BytePairs.h"
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Utf8.h"
#include <cassert>

using namespace quipu;

Tokenizer::Tokenizer(const void *image, [[maybe_unused]] size_t bytes)
    : image(*static_cast<const TokenizerImage *>(image)) {
  assert(bytes >= sizeof(TokenizerImage) && bytes >= this->image.bytes &&
         this->image.magic == TokenizerImage::expectedMagic &&
         "not a tokenizer image");
}

const TokenEntry *Tokenizer::entry(int32_t id) const {
  return id >= 0 && id < vocabularySize()
             ? table<TokenEntry>(image.tokensOffset) + id
             : nullptr;
}

std::span<const int32_t> Tokenizer::specials() const {
  return {table<int32_t>(image.specialsOffset), image.specialCount};
}

std::string_view Tokenizer::bytes(int32_t id) const {
  const TokenEntry *token = entry(id);
  if (!token)
    return {};
  return {table<char>(image.textOffset) + token->begin, token->length};
}

bool Tokenizer::isControl(int32_t id) const {
  const TokenEntry *token = entry(id);
  return token && (token->type == TokenType::Control ||
                   token->type == TokenType::Unknown);
}

bool Tokenizer::isEndOfGeneration(int32_t id) const {
  const TokenEntry *token = entry(id);
  return token && token->endOfGeneration;
}

int32_t Tokenizer::specialId(std::string_view name) const {
  for (int32_t id : specials())
    if (bytes(id) == name)
      return id;
  return noToken;
}

std::string_view Tokenizer::chatTemplate() const {
  return {table<char>(image.templateOffset), size_t(image.templateBytes)};
}

namespace {

/// A piece of the text: one special token, or text that holds none of those
/// looked for so far.
struct Fragment {
  std::string_view text;
  int32_t id = noToken;
};

} // namespace

/// Cuts every occurrence of `name` out of `fragments`; `scratch` is
/// overwritten.
static void cutOut(std::string_view name, int32_t id,
                   std::vector<Fragment> &fragments,
                   std::vector<Fragment> &scratch) {
  scratch.clear();
  for (const Fragment &fragment : fragments) {
    std::string_view rest = fragment.text;
    size_t found;
    while (fragment.id == noToken &&
           (found = rest.find(name)) != std::string_view::npos) {
      if (found > 0)
        scratch.push_back({rest.substr(0, found)});
      scratch.push_back({{}, id});
      rest.remove_prefix(found + name.size());
    }
    if (fragment.id != noToken || !rest.empty())
      scratch.push_back({rest, fragment.id});
  }
  fragments.swap(scratch);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text,
                                       EncodeOptions options) const {
  std::string repaired;
  if (!isUtf8(text)) {
    appendAsUtf8(repaired, text);
    text = repaired;
  }

  // Longest first over the whole text, then the next: an occurrence of a
  // longer token wins even over one that begins before it.
  std::vector<Fragment> fragments, scratch;
  if (!text.empty())
    fragments.push_back({text});
  for (int32_t id : specials())
    if ((options.parseSpecial || !isControl(id)) &&
        text.find(bytes(id)) != std::string_view::npos)
      cutOut(bytes(id), id, fragments, scratch);

  std::vector<int32_t> ids;
  if (options.addSpecial && image.addBos)
    ids.push_back(image.bos);
  BytePairs pairs(image);
  std::vector<std::string_view> words;
  for (const Fragment &fragment : fragments) {
    if (fragment.id != noToken) {
      ids.push_back(fragment.id);
      continue;
    }
    words.clear();
    splitWords(image.preTokenizer, fragment.text, words);
    for (std::string_view word : words)
      pairs.encode(word, ids);
  }
  if (options.addSpecial && image.addEos)
    ids.push_back(image.eos);
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool showControl) const {
  std::string text;
  for (int32_t id : ids)
    if (showControl || !isControl(id))
      text += bytes(id);
  return text;
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending += bytes;
  // The last character begins at most three bytes before the end.
  size_t whole = pending.size();
  for (size_t back = 1; back <= 3 && back <= pending.size(); ++back) {
    std::string_view last =
        std::string_view(pending).substr(pending.size() - back);
    unsigned length = utf8Length(static_cast<unsigned char>(last[0]));
    if (length > back && utf8Prefix(last) == back)
      whole = pending.size() - back;
  }
  std::string text;
  appendAsUtf8(text, std::string_view(pending).substr(0, whole));
  pending.erase(0, whole);
  return text;
}

std::string Utf8Stream::flush() {
  std::string text;
  appendAsUtf8(text, pending);
  pending.clear();
  return text;
}
