//===- Q5_1.cpp - Q5_1: scale * 5 bits + minimum --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// f16 scale, f16 minimum, 32 fifth bits, 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  block.minimum = readHalf(stored + 2);
  readNibbles(stored + 8, 32, block.codes);
  readFifthBits(stored + 4, block.codes);
}

extern const WeightFormat formatQ5_1{.name = "Q5_1",
                                     .type = 7,
                                     .blockElements = 32,
                                     .blockBytes = 24,
                                     .codeBits = 5,
                                     .hasMinima = true,
                                     .readBlock = readBlock};
} // namespace quipu
