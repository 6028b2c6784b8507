//===- WeightLayout.h - How packed weights lie in memory --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight of [n][k] is packed in tiles of 16 rows, one vector lane per row;
// tiles follow each other without gaps. Rows are padded with zeros to a full
// tile, and every tile begins at a multiple of 64 bytes. A tile of F32 or F16
// is [k][16 rows], one of BF16 [k / 2][16 rows][2] when k is even: pairs of
// columns lie side by side, as dot products take them, the even one in the low
// half of a 32-bit lane. A tile of a block format is a sequence of packed
// blocks, so that it is read as one stream. A packed block holds one block of
// the checkpoint, or two where the header of one would leave half a cache line
// empty and there is an even number of them. It is
//
//   scales, minima              [blocks][16 rows] f16 (bf16)
//   group scales, group minima  [groups][16 rows] int8
//   (filled up to a multiple of 64 bytes: the header)
//   codes, per 32 columns       planes of 8, 4, 2 or 1 bits each
//
// of which the format says what there is. Codes of 6 bits lie in a plane of the
// low four and one of the high two, and so on. The codes of four columns of 16
// rows, [16 rows][4], are a group of a plane; 32 columns have 8 groups. A plane
// of p bits has p vectors of 64 bytes, and group g lies in vector g % p, in the
// bits from p * (g / p) of each byte.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_WEIGHTS_WEIGHTLAYOUT_H
#define QUIPU_WEIGHTS_WEIGHTLAYOUT_H

#include "weights/formats/WeightFormat.h"
#include <vector>

namespace quipu {

/// Rows of a weight matrix that lie interleaved, one vector lane each.
inline constexpr int64_t tileRows = 16;
/// Numbers that share a scale in quantized activations.
inline constexpr int64_t blockSize = 32;
/// Columns of a packed group: the bytes of a 32-bit lane.
inline constexpr int64_t groupColumns = 4;
/// Bytes of a cache line, and of a packed group of 8-bit codes.
inline constexpr int64_t lineBytes = 64;

struct WeightLayout {
  const WeightFormat *format;
  int64_t n; // rows: outputs of the linear layer
  int64_t k; // columns: inputs; a multiple of 32 and of format->blockElements

  int64_t tiles() const { return (n + tileRows - 1) / tileRows; }

  /// Columns of a float format that lie side by side in a row's lane.
  int64_t interleavedColumns() const {
    return format == &formatBF16 && k % 2 == 0 ? 2 : 1;
  }
  /// Where a number of a float format lies in its tile.
  int64_t getIndex(int64_t column, int64_t lane) const {
    int64_t together = interleavedColumns();
    return (column / together * tileRows + lane) * together + column % together;
  }

  // Block formats: a packed block of a tile.

  /// Blocks of the checkpoint in a packed one.
  int64_t interleavedBlocks() const {
    bool fillsLine = format->hasMinima || format->hasGroupScales;
    return !fillsLine && k / format->blockElements % 2 == 0 ? 2 : 1;
  }
  int64_t packedElements() const {
    return interleavedBlocks() * format->blockElements;
  }
  int64_t packedBlocks() const { return k / packedElements(); }
  /// Where the parts of the header begin; the scales come first.
  int64_t minimaOffset() const { return interleavedBlocks() * 2 * tileRows; }
  int64_t groupScalesOffset() const {
    return minimaOffset() * (format->hasMinima ? 2 : 1);
  }
  int64_t groupMinimaOffset() const {
    return groupScalesOffset() +
           (format->hasGroupScales ? format->groups() * tileRows : 0);
  }
  int64_t codesOffset() const {
    bool both = format->hasGroupScales && format->hasMinima;
    int64_t end =
        groupMinimaOffset() + (both ? format->groups() * tileRows : 0);
    return (end + lineBytes - 1) / lineBytes * lineBytes;
  }
  /// Bytes of 32 columns of codes.
  int64_t codeBytes() const { return format->codeBits * lineBytes; }
  int64_t packedBlockBytes() const {
    return codesOffset() + packedElements() / blockSize * codeBytes();
  }

  int64_t tileBytes() const {
    return format->isQuantized()
               ? packedBlocks() * packedBlockBytes()
               : (k * tileRows * format->blockBytes + lineBytes - 1) /
                     lineBytes * lineBytes;
  }
  int64_t bytes() const { return tiles() * tileBytes(); }
  /// Bytes of one row in a checkpoint.
  int64_t checkpointRowBytes() const {
    return k / format->blockElements * format->blockBytes;
  }

  /// Packs tile `tile` of the rows at `rows` (all n of them, as in the
  /// checkpoint) to the tileBytes() at `packed`.
  void packTile(const uint8_t *rows, int64_t tile, uint8_t *packed) const;

  /// The blocks of row `lane` of a packed tile; the inverse of packTile.
  std::vector<WeightBlock> readRow(const uint8_t *tile, int64_t lane) const;
};

/// The planes that codes of so many bits lie in, the lowest first.
struct CodePlanes {
  struct Plane {
    int bits;
    int low; // its lowest bit's place in a code
  };
  Plane planes[2];
  int count;

  explicit CodePlanes(int64_t codeBits) : count(0) {
    int left = int(codeBits), low = 0;
    for (int bits = 8; bits; bits /= 2)
      if (left & bits) {
        planes[count++] = {bits, low};
        low += bits;
      }
  }
  const Plane *begin() const { return planes; }
  const Plane *end() const { return planes + count; }
};

/// A row of k quantized activations: int8 values in blocks of 32, then for each
/// block f32 scale, int32 -128 * sum(values), f32 16 * scale * sum(values), and
/// the last two for each half block too. They correct for the offset of codes
/// and for minima of weights whose groups are as long.
struct QuantizedRowLayout {
  int64_t k;

  int64_t blocks() const { return k / blockSize; }
  int64_t scaleOffset() const { return k; }
  int64_t startOffset() const { return scaleOffset() + blocks() * 4; }
  int64_t sumOffset() const { return startOffset() + blocks() * 4; }
  int64_t halfStartOffset() const { return sumOffset() + blocks() * 4; }
  int64_t halfSumOffset() const { return halfStartOffset() + blocks() * 8; }
  int64_t endOffset() const { return halfSumOffset() + blocks() * 8; }
  /// The distance from one row to the next.
  int64_t bytes() const {
    return (endOffset() + lineBytes - 1) / lineBytes * lineBytes;
  }
};

} // namespace quipu

#endif // QUIPU_WEIGHTS_WEIGHTLAYOUT_H
