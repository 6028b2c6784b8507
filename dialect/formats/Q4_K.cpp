//===- Q4_K.cpp - Q4_K: groups of 32, 4 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/formats/WeightFormat.h"

namespace quipu {
// f16 scale, f16 minimum (which is subtracted), 8 groups' scales and minima in
// 12 bytes, 4 times 64 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  block.minimum = readHalf(stored + 2) ^ 0x8000;
  readSixBitScales(stored + 4, block);
  for (int64_t i = 0; i < 4; ++i)
    readNibbles(stored + 16 + 32 * i, 64, block.codes + 64 * i);
}

extern const WeightFormat formatQ4_K{.name = "Q4_K",
                                     .type = 12,
                                     .blockElements = 256,
                                     .blockBytes = 144,
                                     .codeBits = 4,
                                     .hasGroupScales = true,
                                     .hasMinima = true,
                                     .readBlock = readBlock};
} // namespace quipu
