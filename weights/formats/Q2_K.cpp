//===- Q2_K.cpp - Q2_K: groups of 16, 2 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// 16 bytes of a group's scale (low nibble) and minimum (high), 64 bytes of four
// codes, f16 scale, f16 minimum (which is subtracted)
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored + 80);
  block.minimum = readHalf(stored + 82) ^ 0x8000;
  for (int64_t group = 0; group < 16; ++group) {
    block.groupScales[group] = stored[group] & 15;
    block.groupMinima[group] = stored[group] >> 4;
  }
  for (int64_t i = 0; i < 256; ++i) {
    uint8_t byte = stored[16 + i / 128 * 32 + i % 32];
    block.codes[i] = byte >> i % 128 / 32 * 2 & 3;
  }
}

extern const WeightFormat formatQ2_K{.name = "Q2_K",
                                     .type = 10,
                                     .blockElements = 256,
                                     .blockBytes = 84,
                                     .codeBits = 2,
                                     .groupElements = 16,
                                     .hasGroupScales = true,
                                     .hasMinima = true,
                                     .readBlock = readBlock};
} // namespace quipu
