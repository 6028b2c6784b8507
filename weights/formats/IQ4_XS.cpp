//===- IQ4_XS.cpp - IQ4_XS: groups of 32, one of 16 values ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
extern const int8_t valuesIQ4[16];

// f16 scale, 8 groups' scales of 6 bits less 32 (high pairs in 2 bytes, nibbles
// in 4), 8 times 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  int pairs = readHalf(stored + 2);
  for (int64_t group = 0; group < 8; ++group) {
    int nibble = stored[4 + group / 2] >> group % 2 * 4 & 15;
    int pair = pairs >> group * 2 & 3;
    block.groupScales[group] = int8_t((nibble | pair << 4) - 32);
    readNibbles(stored + 8 + 16 * group, 32, block.codes + 32 * group);
  }
}

extern const WeightFormat formatIQ4_XS{.name = "IQ4_XS",
                                       .type = 23,
                                       .blockElements = 256,
                                       .blockBytes = 136,
                                       .codeBits = 4,
                                       .hasGroupScales = true,
                                       .values = valuesIQ4,
                                       .readBlock = readBlock};
} // namespace quipu
