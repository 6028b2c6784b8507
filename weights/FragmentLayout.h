//===- FragmentLayout.h - Weights in the order of tensor cores --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How GPUs read a weight of [n][k] numbers: in the order in which the lanes of
// a warp hold operand B of `mma.m16n8k16`, which is half of operand A of
// `wgmma` too (a0, a2: the rows of one tile; a1, a3: those of the next).
//
// Rows are padded to a multiple of 128 and columns to one of 64, with zeros. A
// tile is 8 rows. A slot is a tile's next 1024 columns, or those that are left:
// tiles in order, in a tile its slots in rising k.
//
// F16 and BF16 become f16. A slot of these is panels of 64 columns, of 8 rows
// of 128 bytes, in which the eight chunks of 16 bytes change places:
//
//   [k / 64][8 rows][8 chunks], chunk c of row r at c ^ r
//
// which is what tensor cores read from shared memory as it is (the 128-byte
// swizzle), and `ldmatrix` without bank conflicts. A slot of other formats is
//
//   codes   [k / 32][32 lanes][8 numbers]
//   scales  [k / group][8 rows] f16            (formats with scales)
//   minima  [k / group][8 rows] f16            (formats with minima)
//
// Lane 4 * g + q of a block of 32 columns holds four pairs of neighbours of row
// g: columns 2q, 2q + 1 (pair 0); 2q + 8, 2q + 9 (1); 2q + 16, 2q + 17 (2); 2q
// + 24, 2q + 25 (3). Element e of pair i lies
//
//   in 8 bits (wider codes, values)      at byte 2i + e of 8 bytes
//   in 4 bits                            at bit 4i + 16e of 4 bytes
//
// so that (word >> 4i) & 0x000f000f is pair i. A number of a block format is
// f16(scale * (code - offset)), or f16(scale * (code - offset) + minimum),
// where scale and minimum are the products of the block's and the group's.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_WEIGHTS_FRAGMENTLAYOUT_H
#define QUIPU_WEIGHTS_FRAGMENTLAYOUT_H

#include "weights/formats/WeightFormat.h"
#include <algorithm>
#include <cstdint>

namespace quipu {

/// How the numbers of a storage format lie in fragments: all that differs from
/// one format to another.
struct FragmentCodes {
  static constexpr int64_t tileRows = 8;
  /// Columns of a block: two steps of 16 of a tensor core.
  static constexpr int64_t blockColumns = 32;
  static constexpr int64_t lanes = 32;
  /// Numbers of a block that a lane holds.
  static constexpr int64_t laneNumbers = 8;

  /// Panels of 16-bit numbers.
  static constexpr int64_t panelColumns = 64;
  static constexpr int64_t panelRowBytes = panelColumns * 2;
  static constexpr int64_t panelBytes = tileRows * panelRowBytes;
  static constexpr int64_t chunkBytes = 16;

  int64_t bits;          // of a code: 4, 8, or 16 for f16 without a scale
  int64_t groupElements; // 16 or 32 columns share a scale; 0: there is none
  bool hasMinima;
  int offset; // what is subtracted from a code

  /// Of a format that isFragmentFormat.
  explicit FragmentCodes(const WeightFormat &format);

  bool hasScales() const { return groupElements != 0; }
  bool hasPanels() const { return bits == 16; }
  /// Where a number of 16 bits lies in its slot.
  static constexpr int64_t panelOffset(int64_t row, int64_t column) {
    int64_t byte = column % panelColumns * 2;
    return column / panelColumns * panelBytes + row * panelRowBytes +
           (byte / chunkBytes ^ row) * chunkBytes + byte % chunkBytes;
  }
  /// Bytes of a lane's numbers of a block, and of the whole block: half of a
  /// panel in 16 bits.
  int64_t laneBytes() const { return laneNumbers * bits / 8; }
  int64_t blockBytes() const { return lanes * laneBytes(); }
  /// Bytes from the scales of a group to those of the next; the same of minima.
  static constexpr int64_t groupBytes() { return tileRows * 2; }
  int64_t groups(int64_t columns) const {
    return hasScales() ? columns / groupElements : 0;
  }

  // Of a slot of so many columns, a multiple of blockColumns: where its parts
  // begin, from its first byte.
  int64_t scalesOffset(int64_t columns) const {
    return columns / blockColumns * blockBytes();
  }
  int64_t minimaOffset(int64_t columns) const {
    return scalesOffset(columns) + groups(columns) * groupBytes();
  }
  int64_t slotBytes(int64_t columns) const {
    return minimaOffset(columns) +
           (hasMinima ? groups(columns) * groupBytes() : 0);
  }
};

/// Whether weights of the format can lie in fragments: all but F32.
bool isFragmentFormat(const WeightFormat &format);

/// Where a number lies, in bytes from the weight's first.
struct FragmentPlace {
  int64_t code;    // byte of the code's lowest bits
  int shift;       // of the code in its byte: 0 or 4
  int64_t scale;   // of formats with scales
  int64_t minimum; // of formats with minima
};

struct FragmentLayout {
  static constexpr int64_t tileRows = FragmentCodes::tileRows;
  static constexpr int64_t rowsMultiple = 128, columnsMultiple = 64;
  static constexpr int64_t slotColumns = 1024;
  /// Columns whose products are one chain of a tensor core's steps.
  static constexpr int64_t segmentColumns = 256;

  const WeightFormat *format; // one that isFragmentFormat
  int64_t n;                  // rows: outputs of the linear layer
  int64_t k; // columns: inputs; a multiple of format->blockElements

  FragmentCodes codes() const { return FragmentCodes(*format); }
  int64_t paddedRows() const { return roundUp(n, rowsMultiple); }
  int64_t paddedColumns() const { return roundUp(k, columnsMultiple); }
  int64_t tiles() const { return paddedRows() / tileRows; }

  /// Slots of a tile.
  int64_t slots() const { return roundUp(k, slotColumns) / slotColumns; }
  int64_t columnsOfSlot(int64_t slot) const {
    return std::min(slotColumns, paddedColumns() - slot * slotColumns);
  }
  /// Bytes of each slot but the last, which may be shorter, and where a slot
  /// begins in its tile. All are multiples of 16.
  int64_t fullSlotBytes() const { return codes().slotBytes(slotColumns); }
  int64_t slotBytes(int64_t slot) const {
    return codes().slotBytes(columnsOfSlot(slot));
  }
  int64_t slotOffset(int64_t slot) const { return slot * fullSlotBytes(); }

  int64_t tileBytes() const {
    return slotOffset(slots() - 1) + slotBytes(slots() - 1);
  }
  /// A multiple of 256.
  int64_t bytes() const { return tiles() * tileBytes(); }
  /// Bytes of one row in a checkpoint.
  int64_t checkpointRowBytes() const {
    return k / format->blockElements * format->blockBytes;
  }

  FragmentPlace getPlace(int64_t row, int64_t column) const;

  /// Packs tile `tile` of the rows at `rows` (all n of them, as in the
  /// checkpoint) to the tileBytes() at `packed`; packSlot does so with one of
  /// its slots and slotBytes(slot).
  void packTile(const uint8_t *rows, int64_t tile, uint8_t *packed) const;
  void packSlot(const uint8_t *rows, int64_t tile, int64_t slot,
                uint8_t *packed) const;

  /// A number of the packed weight as tensor cores get it, rounded to f16; the
  /// inverse of packing.
  float readNumber(const uint8_t *packed, int64_t row, int64_t column) const;

private:
  static constexpr int64_t roundUp(int64_t number, int64_t multiple) {
    return (number + multiple - 1) / multiple * multiple;
  }
};

} // namespace quipu

#endif // QUIPU_WEIGHTS_FRAGMENTLAYOUT_H
