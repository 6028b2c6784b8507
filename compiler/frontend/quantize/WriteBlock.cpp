//===- WriteBlock.cpp - Blocks as GGUF stores them ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lies where is said beside the readers, in weights/formats/.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/WriteBlock.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <cstring>

using namespace quipu;
using llvm::support::endian::write16le;

/// The inverse of readNibbles; higher bits of the codes are left out.
static void writeNibbles(const uint8_t *codes, int64_t count, uint8_t *to) {
  for (int64_t i = 0; i < count / 2; ++i)
    to[i] = uint8_t((codes[i] & 15) | (codes[i + count / 2] & 15) << 4);
}

/// The inverse of readFifthBits.
static void writeFifthBits(const uint8_t *codes, uint8_t *to) {
  std::memset(to, 0, 4);
  for (int64_t i = 0; i < 32; ++i)
    to[i / 8] |= uint8_t((codes[i] >> 4) << i % 8);
}

static void writeQ4_0(const WeightBlock &block, uint8_t *stored) {
  write16le(stored, block.scale);
  writeNibbles(block.codes, 32, stored + 2);
}

static void writeQ4_1(const WeightBlock &block, uint8_t *stored) {
  write16le(stored, block.scale);
  write16le(stored + 2, block.minimum);
  writeNibbles(block.codes, 32, stored + 4);
}

static void writeQ5_0(const WeightBlock &block, uint8_t *stored) {
  write16le(stored, block.scale);
  writeFifthBits(block.codes, stored + 2);
  writeNibbles(block.codes, 32, stored + 6);
}

static void writeQ5_1(const WeightBlock &block, uint8_t *stored) {
  write16le(stored, block.scale);
  write16le(stored + 2, block.minimum);
  writeFifthBits(block.codes, stored + 4);
  writeNibbles(block.codes, 32, stored + 8);
}

static void writeQ8_0(const WeightBlock &block, uint8_t *stored) {
  write16le(stored, block.scale);
  for (int64_t i = 0; i < 32; ++i)
    stored[2 + i] = uint8_t(block.codes[i] - 128);
}

/// Four pairs of bits a byte, as Q2_K and Q3_K have them.
static void writePairs(const uint8_t *codes, uint8_t *to) {
  std::memset(to, 0, 64);
  for (int64_t i = 0; i < 256; ++i)
    to[i / 128 * 32 + i % 32] |= uint8_t((codes[i] & 3) << i % 128 / 32 * 2);
}

static void writeQ2_K(const WeightBlock &block, uint8_t *stored) {
  for (int64_t group = 0; group < 16; ++group)
    stored[group] =
        uint8_t(block.groupScales[group] | block.groupMinima[group] << 4);
  writePairs(block.codes, stored + 16);
  write16le(stored + 80, block.scale);
  write16le(stored + 82, block.minimum ^ 0x8000);
}

static void writeQ3_K(const WeightBlock &block, uint8_t *stored) {
  std::memset(stored, 0, 32);
  for (int64_t i = 0; i < 256; ++i)
    stored[i % 32] |= uint8_t((block.codes[i] >> 2) << i / 32);
  writePairs(block.codes, stored + 32);
  uint8_t *low = stored + 96, *high = stored + 104;
  std::memset(low, 0, 12);
  for (int64_t group = 0; group < 16; ++group) {
    int scale = block.groupScales[group] + 32;
    low[group % 8] |= uint8_t((scale & 15) << group / 8 * 4);
    high[group % 4] |= uint8_t((scale >> 4) << group / 4 * 2);
  }
  write16le(stored + 108, block.scale);
}

/// The inverse of readSixBitGroups.
static void writeSixBitGroups(const WeightBlock &block, uint8_t *stored,
                              uint8_t *nibbles) {
  write16le(stored, block.scale);
  write16le(stored + 2, block.minimum ^ 0x8000);
  uint8_t *to = stored + 4;
  for (int64_t group = 0; group < 4; ++group) {
    int scale = block.groupScales[group + 4];
    int minimum = block.groupMinima[group + 4];
    to[group] = uint8_t(block.groupScales[group] | scale >> 4 << 6);
    to[group + 4] = uint8_t(block.groupMinima[group] | minimum >> 4 << 6);
    to[group + 8] = uint8_t((scale & 15) | (minimum & 15) << 4);
  }
  for (int64_t i = 0; i < 4; ++i)
    writeNibbles(block.codes + 64 * i, 64, nibbles + 32 * i);
}

static void writeQ4_K(const WeightBlock &block, uint8_t *stored) {
  writeSixBitGroups(block, stored, stored + 16);
}

static void writeQ5_K(const WeightBlock &block, uint8_t *stored) {
  writeSixBitGroups(block, stored, stored + 48);
  std::memset(stored + 16, 0, 32);
  for (int64_t i = 0; i < 256; ++i)
    stored[16 + i % 32] |= uint8_t((block.codes[i] >> 4) << i / 32);
}

static void writeQ6_K(const WeightBlock &block, uint8_t *stored) {
  for (int64_t half = 0; half < 2; ++half)
    writeNibbles(block.codes + 128 * half, 128, stored + 64 * half);
  std::memset(stored + 128, 0, 64);
  for (int64_t i = 0; i < 256; ++i)
    stored[128 + i / 128 * 32 + i % 32] |=
        uint8_t((block.codes[i] >> 4) << i / 32 % 4 * 2);
  std::memcpy(stored + 192, block.groupScales, 16);
  write16le(stored + 208, block.scale);
}

const BlockWriter *quipu::findBlockWriter(const WeightFormat &format) {
  static const BlockWriter writers[] = {
      {findWeightFormat("Q4_0"), 0, 0, writeQ4_0},
      {findWeightFormat("Q4_1"), 0, 0, writeQ4_1},
      {findWeightFormat("Q5_0"), 0, 0, writeQ5_0},
      {findWeightFormat("Q5_1"), 0, 0, writeQ5_1},
      {findWeightFormat("Q8_0"), 0, 0, writeQ8_0},
      {findWeightFormat("Q2_K"), 0, 15, writeQ2_K},
      {findWeightFormat("Q3_K"), -32, 31, writeQ3_K},
      {findWeightFormat("Q4_K"), 0, 63, writeQ4_K},
      {findWeightFormat("Q5_K"), 0, 63, writeQ5_K},
      {findWeightFormat("Q6_K"), -128, 127, writeQ6_K},
  };
  const auto *writer = llvm::find_if(writers, [&](const BlockWriter &writer) {
    return writer.format == &format;
  });
  return writer == std::end(writers) ? nullptr : writer;
}
