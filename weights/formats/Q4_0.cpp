//===- Q4_0.cpp - Q4_0: scale * (4 bits - 8) ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// f16 scale, 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  readNibbles(stored + 2, 32, block.codes);
}

extern const WeightFormat formatQ4_0{.name = "Q4_0",
                                     .type = 2,
                                     .blockElements = 32,
                                     .blockBytes = 18,
                                     .codeBits = 4,
                                     .readBlock = readBlock};
} // namespace quipu
