//===- IndexFormat.h - The bytes of an index file ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In this order, little-endian: the header; the vectors, a row for each
// passage; the probe's vector; the passages, those of a file together; the
// files, by path; the texts that these refer to. Each part has a checksum in
// one that comes before it in this list: the header; its passages and files;
// their vectors and texts. docs/knowledge-base.md says more.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_INDEXFORMAT_H
#define QUIPU_RUNTIME_INDEX_INDEXFORMAT_H

#include <cstdint>

namespace quipu {

inline constexpr char indexMagic[8] = {'Q', 'u', 'i', 'p', 'u', 'K', 'B', '\n'};
inline constexpr uint32_t indexVersion = 2;

/// The most numbers of a vector.
inline constexpr uint32_t maxDimensions = 1 << 16;

/// What the model of an index is known by is what it makes of this text.
inline constexpr char probeText[] =
    "The quick brown fox jumps over the lazy dog.";

/// A part of the texts, from their beginning.
struct IndexText {
  uint64_t offset;
  uint32_t bytes, checksum; // the lower half of hashWord
};

struct IndexHeader {
  char magic[8];
  uint32_t version;
  uint32_t dimensions;
  int32_t passageTokens, contextTokens; // PassageLimits
  uint64_t passageCount, fileCount;
  uint64_t textBytes;
  /// When the files were looked at, in nanoseconds since 1970.
  int64_t time;
  IndexText model; // its name
  /// Of what comes before this, and of the parts from the probe to the files.
  uint64_t checksum;
};
static_assert(sizeof(IndexHeader) == 80);

struct IndexedPassage {
  IndexText text;      // the title, and behind it the passage's own
  uint32_t titleBytes; // of these
  uint32_t file;
  uint32_t firstLine, lastLine;
  uint64_t rowChecksum;
};
static_assert(sizeof(IndexedPassage) == 40);

struct IndexedFile {
  IndexText path;
  uint64_t firstPassage, passageCount;
  uint64_t size;
  int64_t time; // of its last change, in nanoseconds since 1970
  uint64_t hash;
};
static_assert(sizeof(IndexedFile) == 56);

/// Where the vectors begin, and what their rows and the other parts are a
/// multiple of.
inline constexpr uint64_t indexAlignment = 64;

constexpr uint64_t alignIndex(uint64_t bytes) {
  return (bytes + indexAlignment - 1) / indexAlignment * indexAlignment;
}

/// Bytes from one row of vectors, in f16, to the next.
constexpr uint64_t rowBytes(uint64_t dimensions) {
  return alignIndex(2 * dimensions);
}

/// Where the parts begin. No sum overflows if the counts are below 2^40.
struct IndexLayout {
  uint64_t vectors, probe, passages, files, texts, end;

  explicit constexpr IndexLayout(const IndexHeader &header)
      : vectors(alignIndex(sizeof(IndexHeader))),
        probe(vectors + header.passageCount * rowBytes(header.dimensions)),
        passages(probe + alignIndex(header.dimensions * sizeof(float))),
        files(alignIndex(passages +
                         header.passageCount * sizeof(IndexedPassage))),
        texts(alignIndex(files + header.fileCount * sizeof(IndexedFile))),
        end(texts + header.textBytes) {}
};

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_INDEXFORMAT_H
