//===- PreTokenizer.h - Split a text into words -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_PRETOKENIZER_H
#define QUIPU_RUNTIME_TEXT_PRETOKENIZER_H

#include "abi/TokenizerImage.h"
#include <string_view>
#include <vector>

namespace quipu {

/// What the splitters ask about a character: \p{L}, \p{N}, \s or none of them.
enum class CharacterClass : uint8_t { Other, Letter, Number, Space };

CharacterClass classify(uint32_t codePoint);

/// The words of `text`, which is UTF-8, in order and without gaps: they point
/// into it and are appended to `words`. Each kind is a regular expression of
/// the model's tokenizer.json, applied again and again from where the last
/// match ended:
///
///   Gpt2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|
///           \s+(?!\S)|\s+
///   SmolLm  \p{N} alone first; what lies between them as Gpt2
///   Llama3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
///            ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
///   Qwen2   as Llama3, with \p{N} instead of \p{N}{1,3}
///
/// As in llama.cpp, (?i:) folds ASCII letters only.
void splitWords(PreTokenizerKind kind, std::string_view text,
                std::vector<std::string_view> &words);

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_PRETOKENIZER_H
