//===- TokenizerImage.h - A tokenizer as a program carries it ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One contiguous little-endian blob, 64-byte aligned, without pointers: the
// compiler writes it, the runtime works in it as it is mapped. It begins with
// a `TokenizerImage`; an offset counts bytes from there.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_TOKENIZERIMAGE_H
#define QUIPU_ABI_TOKENIZERIMAGE_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

static_assert(std::endian::native == std::endian::little,
              "tokenizer images are little-endian");

/// How a text is split into words before pairs are merged; words never merge
/// with each other.
enum class PreTokenizerKind : uint32_t { Gpt2, SmolLm, Llama3, Qwen2 };

/// GGUF's values of tokenizer.ggml.token_type.
enum class TokenType : uint16_t {
  Normal = 1,
  Unknown = 2,
  Control = 3,
  UserDefined = 4,
  Unused = 5,
};

/// An id that is none.
inline constexpr int32_t noToken = -1;

struct TokenEntry {
  uint32_t begin;  // of the token's bytes, from TokenizerImage::textOffset
  uint32_t length; // in bytes
  TokenType type;
  uint16_t endOfGeneration; // 1 when a model says with it that it is done
};

/// A slot of the merge table: `left` and `right` become `joined`; the lowest
/// rank merges first.
struct MergeSlot {
  static constexpr uint32_t empty = UINT32_MAX;

  uint32_t left;
  uint32_t right;
  uint32_t rank; // `empty` when the slot is free
  uint32_t joined;
};

struct TokenizerImage {
  static constexpr uint32_t expectedMagic = 0x6b745051; // "QPtk"

  uint32_t magic;
  PreTokenizerKind preTokenizer;
  uint64_t bytes; // of the whole image
  uint32_t addBos;
  uint32_t addEos;
  uint32_t ignoreMerges; // a word that is a token needs no merging
  int32_t bos;           // noToken when the checkpoint names none; as below
  int32_t eos;
  int32_t eot;
  int32_t unknown;
  int32_t padding;
  uint32_t vocabulary;
  uint32_t specialCount;
  uint32_t wordSlots;      // a power of two
  uint32_t mergeSlots;     // a power of two
  uint64_t tokensOffset;   // TokenEntry[vocabulary]
  uint64_t specialsOffset; // int32_t[specialCount]: longest text first
  uint64_t wordsOffset;    // int32_t[wordSlots]: ids, noToken when free
  uint64_t mergesOffset;   // MergeSlot[mergeSlots]
  uint64_t textOffset;     // the bytes of all tokens
  uint64_t templateOffset; // the chat template
  uint64_t templateBytes;
  int32_t byteTokens[256]; // the token of one byte, or noToken
};

/// Both tables use open addressing with linear probing from the hash, modulo
/// the number of slots, and always have a free slot.
inline uint64_t hashWord(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash ^ hash >> 32;
}

inline uint64_t hashMerge(uint32_t left, uint32_t right) {
  uint64_t hash = (uint64_t(left) << 32 | right) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 32;
}

} // namespace quipu

#endif // QUIPU_ABI_TOKENIZERIMAGE_H
