//===- Q4_1.cpp - Q4_1: scale * 4 bits + minimum --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// f16 scale, f16 minimum, 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  block.minimum = readHalf(stored + 2);
  readNibbles(stored + 4, 32, block.codes);
}

extern const WeightFormat formatQ4_1{.name = "Q4_1",
                                     .type = 3,
                                     .blockElements = 32,
                                     .blockBytes = 20,
                                     .codeBits = 4,
                                     .hasMinima = true,
                                     .readBlock = readBlock};
} // namespace quipu
