//===- Tokenizer.cpp - Text to token ids and back -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Encoder.h"
#include "runtime/text/ImageTables.h"
#include "support/Utf8.h"
#include <cassert>

using namespace quipu;

Tokenizer::Tokenizer(const void *image, [[maybe_unused]] size_t bytes)
    : image(*static_cast<const TokenizerImage *>(image)) {
  assert(bytes >= sizeof(TokenizerImage) && bytes >= this->image.bytes &&
         this->image.magic == TokenizerImage::expectedMagic &&
         this->image.version == TokenizerImage::expectedVersion &&
         "not a tokenizer image");
}

const TokenEntry *Tokenizer::entry(int32_t id) const {
  return id >= 0 && id < vocabularySize()
             ? &getTable<TokenEntry>(image, image.tokens)[size_t(id)]
             : nullptr;
}

std::string_view Tokenizer::bytes(int32_t id) const {
  const TokenEntry *token = entry(id);
  return token ? getText(image, token->bytes) : std::string_view();
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
  for (const AddedToken &added : getTable<AddedToken>(image, image.added))
    if (bytes(added.id) == name)
      return added.id;
  return noToken;
}

std::string_view Tokenizer::chatTemplate() const {
  auto text = getTable<char>(image, image.chatTemplate);
  return {text.data(), text.size()};
}

std::vector<int32_t> Tokenizer::encode(std::string_view text,
                                       EncodeOptions options) const {
  std::string repaired;
  if (!isUtf8(text)) {
    appendAsUtf8(repaired, text);
    text = repaired;
  }
  return Encoder(image).encode(text, options);
}

std::string Tokenizer::joinPair(std::span<const int32_t> first,
                                std::span<const int32_t> second,
                                std::vector<int32_t> &ids,
                                std::vector<int32_t> &types,
                                size_t &secondAt) const {
  auto pieces = getTable<PairPiece>(image, image.pairs);
  if (pieces.empty())
    return "this program's tokenizer does not say how two texts go together";
  for (const PairPiece &piece : pieces) {
    std::span<const int32_t> part(&piece.id, 1);
    if (piece.id == PairPiece::first)
      part = first;
    if (piece.id == PairPiece::second) {
      secondAt = ids.size();
      part = second;
    }
    ids.insert(ids.end(), part.begin(), part.end());
    types.resize(ids.size(), piece.type);
  }
  return "";
}

std::string Tokenizer::encodePair(std::string_view first,
                                  std::string_view second,
                                  EncodeOptions options,
                                  std::vector<int32_t> &ids,
                                  std::vector<int32_t> &types) const {
  options.addSpecial = false;
  size_t secondAt;
  return joinPair(encode(first, options), encode(second, options), ids, types,
                  secondAt);
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool showControl) const {
  std::string text;
  for (int32_t id : ids)
    if (showControl || !isControl(id))
      text += bytes(id);
  if (image.stripsFirstSpace && text.starts_with(' '))
    text.erase(0, 1);
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
