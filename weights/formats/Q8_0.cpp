//===- Q8_0.cpp - Q8_0: scale * 8 bits ------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// f16 scale, 32 signed bytes
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  for (int64_t i = 0; i < 32; ++i)
    block.codes[i] = stored[2 + i] + 128;
}

extern const WeightFormat formatQ8_0{.name = "Q8_0",
                                     .type = 8,
                                     .blockElements = 32,
                                     .blockBytes = 34,
                                     .codeBits = 8,
                                     .readBlock = readBlock};
} // namespace quipu
