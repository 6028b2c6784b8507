//===- Tokenizer.h - Text to token ids and back -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_TOKENIZER_H
#define QUIPU_RUNTIME_TEXT_TOKENIZER_H

#include "abi/TokenizerImage.h"
#include "support/ByteSpan.h"
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

struct EncodeOptions {
  /// Put the beginning-of-text and end-of-text tokens around the text if the
  /// model wants them.
  bool addSpecial = true;
  /// Control tokens written out in the text ("<|im_start|>") become the tokens
  /// themselves. Say false for text from strangers.
  bool parseSpecial = false;
  /// Where the text, which is well-formed then, comes from strangers although
  /// `parseSpecial` is set. Rising, and apart.
  std::span<const ByteSpan> plain = {};
};

/// Works in the image as it is mapped: construction costs nothing. All methods
/// may be called from any thread.
class Tokenizer {
public:
  /// `image` is one of the compiler's TokenizerImages, 64-byte aligned; it must
  /// outlive the tokenizer.
  Tokenizer(const void *image, size_t bytes);

  /// A byte that belongs to no well-formed UTF-8 character is read as U+FFFD.
  std::vector<int32_t> encode(std::string_view text,
                              EncodeOptions options = {}) const;

  /// The ids of two texts together, as the model was trained with them, and of
  /// which text each is. Returns a sentence if there is no such way, or
  /// nothing.
  std::string encodePair(std::string_view first, std::string_view second,
                         EncodeOptions options, std::vector<int32_t> &ids,
                         std::vector<int32_t> &types) const;
  /// The same of ids without special tokens; the second text's begin at
  /// `secondAt` then.
  std::string joinPair(std::span<const int32_t> first,
                       std::span<const int32_t> second,
                       std::vector<int32_t> &ids, std::vector<int32_t> &types,
                       size_t &secondAt) const;
  /// How many tokens `encode` puts behind a text.
  size_t suffixLength() const { return image.suffix.count; }

  /// The bytes of one token: not whole characters in general, see Utf8Stream.
  /// Empty when there is no such token. A control token's are its name.
  std::string_view bytes(int32_t id) const;
  /// The bytes of all tokens, without the names of control tokens unless
  /// `showControl` is set, and without the space that some models put before a
  /// text.
  std::string decode(std::span<const int32_t> ids,
                     bool showControl = false) const;

  /// Whether the token steers the model instead of standing for text.
  bool isControl(int32_t id) const;
  /// Whether the model says with this token that it is done.
  bool isEndOfGeneration(int32_t id) const;
  /// The control or user-defined token of that name, or noToken.
  int32_t specialId(std::string_view name) const;

  int32_t vocabularySize() const { return int32_t(image.tokens.count); }
  /// Each may be noToken.
  int32_t bos() const { return image.bos; }
  int32_t eos() const { return image.eos; }
  int32_t eot() const { return image.eot; }
  int32_t unknown() const { return image.unknown; }
  int32_t padding() const { return image.padding; }
  /// The checkpoint's chat template, empty when it has none.
  std::string_view chatTemplate() const;

private:
  const TokenEntry *entry(int32_t id) const;

  const TokenizerImage &image;
};

/// Makes whole characters of the pieces that tokens come in. What it gives is
/// always well-formed UTF-8: bytes that cannot become a character turn into
/// U+FFFD, each one.
class Utf8Stream {
public:
  /// The characters that are complete now.
  std::string push(std::string_view bytes);
  /// What is still incomplete, as U+FFFD; the stream is empty afterwards.
  std::string flush();

private:
  std::string pending; // the beginning of a character, at most 3 bytes
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_TOKENIZER_H
