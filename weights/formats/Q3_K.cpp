//===- Q3_K.cpp - Q3_K: groups of 16, 3 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// 32 bytes of third bits, 64 bytes of four low halves, 16 scales of 6 bits less
// 32 in 12 bytes (low nibbles, then four high pairs a byte), f16 scale
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored + 108);
  const uint8_t *low = stored + 96, *high = stored + 104;
  for (int64_t group = 0; group < 16; ++group) {
    int nibble = low[group % 8] >> group / 8 * 4 & 15;
    int pair = high[group % 4] >> group / 4 * 2 & 3;
    block.groupScales[group] = int8_t((nibble | pair << 4) - 32);
  }
  for (int64_t i = 0; i < 256; ++i) {
    int pair = stored[32 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
    int third = stored[i % 32] >> i / 32 & 1;
    block.codes[i] = uint8_t(pair | third << 2);
  }
}

extern const WeightFormat formatQ3_K{.name = "Q3_K",
                                     .type = 11,
                                     .blockElements = 256,
                                     .blockBytes = 110,
                                     .codeBits = 3,
                                     .groupElements = 16,
                                     .hasGroupScales = true,
                                     .readBlock = readBlock};
} // namespace quipu
