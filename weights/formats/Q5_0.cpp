//===- Q5_0.cpp - Q5_0: scale * (5 bits - 16) -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// f16 scale, 32 fifth bits, 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  readNibbles(stored + 6, 32, block.codes);
  readFifthBits(stored + 2, block.codes);
}

extern const WeightFormat formatQ5_0{.name = "Q5_0",
                                     .type = 6,
                                     .blockElements = 32,
                                     .blockBytes = 22,
                                     .codeBits = 5,
                                     .readBlock = readBlock};
} // namespace quipu
