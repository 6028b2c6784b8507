//===- Encoder.h - From a text to ids ---------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_ENCODER_H
#define QUIPU_RUNTIME_TEXT_ENCODER_H

#include "runtime/text/AddedTokens.h"
#include "runtime/text/BytePairs.h"
#include "runtime/text/TextSteps.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unigram.h"
#include "runtime/text/WordPieces.h"

namespace quipu {

/// Takes a text through all that an image says: added tokens are found, what
/// lies between is normalised and split, and the model encodes the words.
class Encoder {
public:
  explicit Encoder(const TokenizerImage &image);

  /// `text` is well-formed UTF-8.
  std::vector<int32_t> encode(std::string_view text, EncodeOptions options);

private:
  void encodeFragment(std::string_view text, bool isBeginning,
                      std::vector<int32_t> &ids);
  void encodeWord(std::string_view word, std::vector<int32_t> &ids);

  const TokenizerImage &image;
  AddedTokens early, late; // before and after normalisation
  TextSteps steps;
  BytePairs pairs;
  Unigram unigram;
  WordPieces pieces;
  Vocabulary vocabulary;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_ENCODER_H
