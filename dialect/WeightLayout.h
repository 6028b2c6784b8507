//===- WeightLayout.h - How packed weights lie in memory --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight of [n][k] is packed in tiles of 16 rows, one vector lane per row;
// tiles follow each other without gaps. Rows are padded with zeros to a full
// tile, and every tile begins at a multiple of 64 bytes. A tile of F32, F16 or
// BF16 is [k][16 rows]. A tile of a quantized format is a sequence of k/32
// blocks, so that it is read as one stream:
//
//   scales [16 rows]               f16
//   minima [16 rows]               f16, Q4_1 only
//   values [8 groups][16 rows][4]  Q8_0: bytes, the stored value + 128
//          [4 groups][16 rows][4]  Q4_0, Q4_1: bytes of two nibbles; the low
//            one is k = 4 * group + i of the block, the high one 16 further on
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_WEIGHTLAYOUT_H
#define QUIPU_DIALECT_WEIGHTLAYOUT_H

#include <cstdint>

namespace quipu {

enum class WeightFormat { F32, F16, BF16, Q4_0, Q4_1, Q8_0 };

/// Rows of a weight matrix that lie interleaved, one vector lane each.
inline constexpr int64_t tileRows = 16;
/// Numbers that share a scale, in weights and in quantized activations.
inline constexpr int64_t blockSize = 32;

inline bool isQuantized(WeightFormat format) {
  return format >= WeightFormat::Q4_0;
}

struct WeightLayout {
  WeightFormat format;
  int64_t n; // rows: outputs of the linear layer
  int64_t k; // columns: inputs; a multiple of 32 for quantized formats

  int64_t tiles() const { return (n + tileRows - 1) / tileRows; }
  int64_t blocks() const { return k / blockSize; }
  // A block of a tile; the scales come first.
  int64_t minOffset() const { return 2 * tileRows; }
  int64_t valueOffset() const {
    return (format == WeightFormat::Q4_1 ? 4 : 2) * tileRows;
  }
  int64_t blockBytes() const {
    int64_t perRow = format == WeightFormat::Q8_0 ? blockSize : blockSize / 2;
    return valueOffset() + perRow * tileRows;
  }
  int64_t tileBytes() const {
    int64_t bytes = isQuantized(format)
                        ? blocks() * blockBytes()
                        : k * tileRows * (format == WeightFormat::F32 ? 4 : 2);
    return (bytes + 63) / 64 * 64;
  }
  int64_t bytes() const { return tiles() * tileBytes(); }

  /// Bytes of one row in a checkpoint (GGML's block order).
  int64_t checkpointRowBytes() const {
    switch (format) {
    case WeightFormat::F32:
      return k * 4;
    case WeightFormat::F16:
    case WeightFormat::BF16:
      return k * 2;
    case WeightFormat::Q4_0:
      return blocks() * 18;
    case WeightFormat::Q4_1:
      return blocks() * 20;
    case WeightFormat::Q8_0:
      return blocks() * 34;
    }
    return 0;
  }

  /// Packs tile `tile` of the rows at `rows` (all n of them, as in the
  /// checkpoint) to the tileBytes() at `packed`.
  void packTile(const uint8_t *rows, int64_t tile, uint8_t *packed) const;
};

/// A row of k quantized activations: int8 values in blocks of 32, then for each
/// block f32 scale, int32 -128 * sum(values), f32 16 * scale * sum(values).
/// The last two correct for the offset of stored weights and for minima.
struct QuantizedRowLayout {
  int64_t k;

  int64_t blocks() const { return k / blockSize; }
  int64_t scaleOffset() const { return k; }
  int64_t startOffset() const { return scaleOffset() + blocks() * 4; }
  int64_t sumOffset() const { return startOffset() + blocks() * 4; }
  /// A row's bytes, and the distance from one row to the next.
  int64_t bytes() const { return (sumOffset() + blocks() * 4 + 63) / 64 * 64; }
};

} // namespace quipu

#endif // QUIPU_DIALECT_WEIGHTLAYOUT_H
