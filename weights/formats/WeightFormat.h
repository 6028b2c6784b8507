//===- WeightFormat.h - What a storage format of GGUF is --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One file in this folder per format. What it says of a block is all that the
// reader of checkpoints, the packer, the CPU's kernels and the reference
// semantics know of the format.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_WEIGHTS_FORMATS_WEIGHTFORMAT_H
#define QUIPU_WEIGHTS_FORMATS_WEIGHTFORMAT_H

#include <cstdint>
#include <string_view>

namespace quipu {

/// The parts of one block, unpacked. Where a format has no group scales or no
/// minima, they are left alone.
struct WeightBlock {
  static constexpr int64_t maxElements = 256, maxGroups = 16;
  uint16_t scale, minimum; // bits of a ScaleType
  int8_t groupScales[maxGroups], groupMinima[maxGroups];
  uint8_t codes[maxElements];
};

enum class ScaleType { F16, BF16 };

/// Of a float format only the first four members are set. A number of a block
/// format is
///
///   scale * groupScale * value(code) + minimum * groupMinimum
///
/// without the factors that it lacks; the groups of a block come in order.
struct WeightFormat {
  std::string_view name; // as GGUF spells it: "Q4_K"
  uint32_t type;         // as GGUF numbers it
  int64_t blockElements; // 1 for the float formats
  int64_t blockBytes;
  int64_t codeBits = 0;       // 2, 3, 4, 5, 6 or 8
  int64_t groupElements = 32; // 16 or 32 numbers share a groupScale
  bool hasGroupScales = false;
  bool hasMinima = false;
  ScaleType scaleType = ScaleType::F16;
  /// What the codes stand for; null: code - codeOffset().
  const int8_t *values = nullptr;
  void (*readBlock)(const uint8_t *stored, WeightBlock &block) = nullptr;

  bool isQuantized() const { return codeBits != 0; }
  int64_t groups() const { return blockElements / groupElements; }
  /// Half the range, unless a minimum says where it begins.
  int codeOffset() const { return hasMinima ? 0 : 1 << (codeBits - 1); }
  int value(uint8_t code) const {
    return values ? values[code] : code - codeOffset();
  }
};

extern const WeightFormat formatF32, formatF16, formatBF16;

/// The format that GGUF numbers or names so, in any case of letters; null if
/// there is none.
const WeightFormat *findWeightFormat(uint32_t type);
const WeightFormat *findWeightFormat(std::string_view name);

/// All formats' names, "F32, F16, ...", for messages.
std::string_view weightFormatNames();

/// Two bytes of a block, little-endian.
inline uint16_t readHalf(const uint8_t *at) {
  return uint16_t(at[0] | at[1] << 8);
}

/// Two codes a byte: the low nibbles are the first half of `count` codes, the
/// high ones the second.
inline void readNibbles(const uint8_t *from, int64_t count, uint8_t *codes) {
  for (int64_t i = 0; i < count / 2; ++i) {
    codes[i] = from[i] & 15;
    codes[i + count / 2] = from[i] >> 4;
  }
}

/// The fifth bits of 32 codes.
inline void readFifthBits(const uint8_t *from, uint8_t *codes) {
  for (int64_t i = 0; i < 32; ++i)
    codes[i] |= (from[i / 8] >> i % 8 & 1) << 4;
}

/// What Q4_K and Q5_K begin with, f16 scale, f16 minimum (which is subtracted),
/// 8 groups' scales and minima of 6 bits in 12 bytes; and their 4 times 64
/// nibbles.
void readSixBitGroups(const uint8_t *stored, const uint8_t *nibbles,
                      WeightBlock &block);

} // namespace quipu

#endif // QUIPU_WEIGHTS_FORMATS_WEIGHTFORMAT_H
