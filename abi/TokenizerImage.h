//===- TokenizerImage.h - A tokenizer as a program carries it ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One contiguous little-endian blob, 64-byte aligned, without pointers: the
// compiler writes it, the runtime works in it as it is mapped. It begins with
// a `TokenizerImage`; an offset counts bytes from there. docs/tokenizers.md
// says how a text passes through it.
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

/// GGUF's values of tokenizer.ggml.token_type.
enum class TokenType : uint16_t {
  Normal = 1,
  Unknown = 2,
  Control = 3,
  UserDefined = 4,
  Unused = 5,
  Byte = 6,
};

/// An id that is none.
inline constexpr int32_t noToken = -1;

/// Rows of one of the image's tables.
struct ImageTable {
  uint64_t offset;
  uint64_t count;
};

/// Bytes of TokenizerImage::text.
struct TextSpan {
  uint32_t begin;
  uint32_t length;
};

struct TokenEntry {
  TextSpan bytes; // what it stands for in a text
  TextSpan key;   // what the model looks up: a normalised text
  TokenType type;
  uint8_t endOfGeneration; // 1 when a model says with it that it is done
  uint8_t isWhole; // 1 when the model makes exactly this token of its key
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

/// A slot of the table of keys.
struct WordSlot {
  int32_t id; // noToken when the slot is free
  uint32_t hash;
};

/// A node of a trie. The child for a byte is at `base ^ byte`, if its `parent`
/// is this node; the root is node 0. The table is a multiple of 256 nodes.
struct TrieNode {
  static constexpr uint32_t noParent = UINT32_MAX;

  uint32_t base;
  uint32_t parent;
  int32_t value; // noToken: no key ends here
};

/// What is found in a text before anything else is done with it.
struct AddedToken {
  enum : uint32_t {
    Control = 1,    // found only if the caller wants it
    SingleWord = 2, // not within a word
    StripLeft = 4,  // swallows the white space before it
    StripRight = 8, // and behind it
  };
  int32_t id;
  uint32_t flags;
};

/// A table by code point: `pages` has one number for 256 code points each, and
/// the values of page p begin at entry p * 256.
struct CodePointTable {
  static constexpr uint32_t pageCount = 0x110000 / 256;

  ImageTable pages;  // uint16_t[pageCount]
  ImageTable values; // of the type that its user says
};

/// What one regular expression matches, leftmost-first, from a position on: a
/// table with a row for each state and a column for each class of code points,
/// the last of which is the end of the text. Row 0 is the end of the search,
/// the search begins in row 1.
struct Automaton {
  /// Of an entry: the text read so far, without this column's character, is a
  /// match. The other bits are the next state.
  static constexpr uint16_t isMatch = 0x8000;

  ImageTable entries; // uint16_t[states * columns]
  /// 1: reads bytes as GPT-2's byte alphabet writes them.
  uint32_t readsBytes;
  uint32_t padding;
};

enum class StepKind : uint32_t {
  Split,         // by what `automaton` matches, as `how` says (SplitBehaviour)
  Replace,       // what `automaton` matches by `text`
  Surround,      // put `text` before and behind what `automaton` matches
  MapCharacters, // by the character map `table`
  Normalize,     // as `how` says (NormalForm)
  Precompiled,   // SentencePiece's: the longest prefix in the trie `table`
  Strip,         // white space: `how` 1 left, 2 right, 4 only U+0020
  Prepend,       // `text`, as `how` says (PrependWhen)
  Append,        // `text`
};

/// What becomes of the matches that a text is split by.
enum class SplitBehaviour : uint32_t {
  Isolated,
  Removed,
  MergedWithPrevious,
  MergedWithNext,
  Contiguous, // neighbouring matches are one
  /// Before groups of `how >> 16` characters of a match, counted from its end.
  Groups,
};

enum class PrependWhen : uint32_t {
  NotEmpty,          // before every text that is not empty
  Missing,           // unless the text begins with it
  MissingAtBeginning // the same, and of the first piece of a prompt only
};

enum class NormalForm : uint32_t { Composed, Decomposed };

struct TextStep {
  StepKind kind;
  uint32_t how;
  uint32_t automaton; // its number
  uint32_t table;     // the number of a map or a trie
  TextSpan text;
};

enum class ModelKind : uint32_t {
  BytePairs,      // pairs merge by rank
  SentencePieces, // pairs merge by the score of what they become
  Unigram,        // the most probable sequence
  WordPiece,      // the longest token first, "##" before all but the first
  Words,          // every word is a token
};

/// A piece of what two texts become together: a token, or all of a text's.
struct PairPiece {
  static constexpr int32_t first = -1, second = -2;

  int32_t id;   // a token, `first` or `second`
  int32_t type; // its tokens' number in the input "types"
};

struct TokenizerImage {
  static constexpr uint32_t expectedMagic = 0x6b745051; // "QPtk"
  static constexpr uint32_t expectedVersion = 3;

  uint32_t magic;
  uint32_t version;
  uint64_t bytes;      // of the whole image
  double unknownScore; // of Unigram
  ModelKind model;
  int32_t bos; // noToken when the checkpoint names none; as below
  int32_t eos;
  int32_t eot;
  int32_t unknown;
  int32_t padding;
  // Of the model.
  uint32_t ignoreMerges;      // a word that is a token needs no merging
  uint32_t byteLevel;         // words are bytes, not characters
  uint32_t fuseUnknown;       // neighbouring unknown tokens are one
  uint32_t maxWordCharacters; // of WordPiece: longer words are unknown
  // Of decoding: take a space off the beginning of a text.
  uint32_t stripsFirstSpace;
  TextSpan continuation; // what a word's tokens begin with, but for the first
  TextSpan wordEnd;      // what a word's last token ends with
  uint32_t none;         // 0: no byte of an image is left to chance
  ImageTable tokens;     // TokenEntry
  ImageTable scores;     // double: of Unigram's and SentencePieces' tokens
  ImageTable words;      // WordSlot, a power of two
  ImageTable merges;     // MergeSlot, a power of two
  ImageTable trie;       // TrieNode: of the keys
  ImageTable
      boundaries;       // uint64_t: bit hashPair(a, b): some key has a before b
  ImageTable added;     // AddedToken
  ImageTable addedTrie; // TrieNode: of those found before normalisation
  ImageTable lateTrie;  // TrieNode: of those found after it
  ImageTable prefix;    // int32_t: ids before the text
  ImageTable suffix;    // int32_t: and behind it
  ImageTable pairs;     // PairPiece; empty: two texts make no sequence
  ImageTable normalizer; // TextStep
  ImageTable splits;     // TextStep
  ImageTable automata;   // Automaton
  ImageTable maps;       // CodePointTable of uint32_t: see `mapText`
  ImageTable tries;      // ImageTable of TrieNode: values are spans of mapText
  ImageTable mapText;    // char: a value is begin << 8 | length, 0 unchanged
  ImageTable text;       // char
  ImageTable chatTemplate;  // char
  CodePointTable classes;   // uint8_t: columns of automata
  CodePointTable spaces;    // uint8_t: 1 white space, 2 a word's character
  CodePointTable combining; // uint8_t: see runtime/text/NormalForms.h
  ImageTable compositions;  // Composition, sorted
  uint32_t columns;         // of automata, the end of the text included
  uint8_t byteClasses[256]; // the columns of bytes
  int32_t byteTokens[256];  // the token whose key is this byte
  int32_t fallback[256];    // the token for a byte of an unknown character
  uint32_t noneAtEnd;       // 0
};
static_assert(sizeof(TokenizerImage) ==
              offsetof(TokenizerImage, noneAtEnd) + sizeof(uint32_t));

/// Two characters that are written as one.
struct Composition {
  uint32_t first;
  uint32_t second;
  uint32_t composed;
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

/// Marks bytes beside each other of which one belongs to a part of a character.
inline constexpr uint32_t brokenCharacter = 0x200000;

/// The number of a bit for neighbouring characters, of 2^20.
inline uint32_t hashPair(uint32_t first, uint32_t second) {
  uint32_t hash = first * 0x9e3779b1u ^ second * 0x85ebca6bu;
  return (hash ^ hash >> 15) & 0xfffff;
}

} // namespace quipu

#endif // QUIPU_ABI_TOKENIZERIMAGE_H
