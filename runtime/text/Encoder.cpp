//===- Encoder.cpp - From a text to ids -----------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Encoder.h"
#include <algorithm>

using namespace quipu;

Encoder::Encoder(const TokenizerImage &image)
    : image(image), early(image, image.addedTrie), late(image, image.lateTrie),
      steps(image), pairs(image), unigram(image), pieces(image),
      vocabulary(image) {}

void Encoder::encodeWord(std::string_view word, std::vector<int32_t> &ids) {
  switch (image.model) {
  case ModelKind::BytePairs:
  case ModelKind::SentencePieces:
    return pairs.encode(word, ids);
  case ModelKind::Unigram:
    return unigram.encode(word, ids);
  case ModelKind::WordPiece:
    return pieces.encode(word, ids);
  case ModelKind::Words:
    break;
  }
  int32_t id = vocabulary.find(word);
  if (id == noToken)
    id = image.unknown;
  if (id != noToken)
    ids.push_back(id);
}

void Encoder::encodeFragment(std::string_view text, bool isBeginning,
                             std::vector<int32_t> &ids) {
  for (std::string_view word : steps.split(text, isBeginning))
    encodeWord(word, ids);
}

std::vector<int32_t> Encoder::encode(std::string_view text,
                                     EncodeOptions options) {
  auto prefix = getTable<int32_t>(image, image.prefix);
  auto suffix = getTable<int32_t>(image, image.suffix);
  std::vector<int32_t> ids;
  if (options.addSpecial)
    ids.assign(prefix.begin(), prefix.end());

  bool findsControl = options.parseSpecial;
  std::string normalized;
  early.find(
      text, findsControl, options.plain, [&](const AddedTokens::Piece &piece) {
        if (piece.id != noToken) {
          ids.push_back(piece.id);
          return;
        }
        bool isBeginning = piece.text.data() == text.data();
        std::string_view rest = piece.text;
        if (image.normalizer.count != 0) {
          normalized = rest;
          steps.normalize(normalized, isBeginning);
          rest = normalized;
        }
        // Normalisation moves bytes: what holds some of a stranger's is his.
        bool isTrusted =
            std::ranges::none_of(options.plain, [&](ByteSpan span) {
              size_t begin = piece.text.data() - text.data();
              return span.begin < begin + piece.text.size() && begin < span.end;
            });
        late.find(rest, findsControl && isTrusted, {},
                  [&](const AddedTokens::Piece &inner) {
                    if (inner.id != noToken)
                      ids.push_back(inner.id);
                    else
                      encodeFragment(
                          inner.text,
                          isBeginning && inner.text.data() == rest.data(), ids);
                  });
      });
  if (options.addSpecial)
    ids.insert(ids.end(), suffix.begin(), suffix.end());
  return ids;
}
