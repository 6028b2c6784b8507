//===- Alignment.h - Where in a text its tokens are -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_ALIGNMENT_H
#define QUIPU_RUNTIME_TEXT_ALIGNMENT_H

#include "support/ByteSpan.h"
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace quipu {

class Tokenizer;

/// The part of the text that each of its ids is of, without the blanks before
/// it: the word, or the part of one between punctuation. Empty where that
/// cannot be told, as the ids of the parts are not those of the whole.
std::vector<ByteSpan> alignTokens(const Tokenizer &tokenizer,
                                  std::string_view text,
                                  std::span<const int32_t> ids);

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_ALIGNMENT_H
