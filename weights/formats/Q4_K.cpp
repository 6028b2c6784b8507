//===- Q4_K.cpp - Q4_K: groups of 32, 4 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// 16 bytes for readSixBitGroups, 4 times 64 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  readSixBitGroups(stored, stored + 16, block);
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
