//===- Q5_K.cpp - Q5_K: groups of 32, 5 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// 16 bytes for readSixBitGroups, 32 bytes with a fifth bit of each group, 4
// times 64 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  readSixBitGroups(stored, stored + 48, block);
  for (int64_t group = 0; group < 8; ++group)
    for (int64_t i = 0; i < 32; ++i)
      block.codes[32 * group + i] |= (stored[16 + i] >> group & 1) << 4;
}

extern const WeightFormat formatQ5_K{.name = "Q5_K",
                                     .type = 13,
                                     .blockElements = 256,
                                     .blockBytes = 176,
                                     .codeBits = 5,
                                     .hasGroupScales = true,
                                     .hasMinima = true,
                                     .readBlock = readBlock};
} // namespace quipu
