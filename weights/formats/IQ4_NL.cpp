//===- IQ4_NL.cpp - IQ4_NL: scale * one of 16 values ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
extern const int8_t valuesIQ4[16];
const int8_t valuesIQ4[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                              1,    13,   25,  38,  53,  69,  89,  113};

// f16 scale, 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored);
  readNibbles(stored + 2, 32, block.codes);
}

extern const WeightFormat formatIQ4_NL{.name = "IQ4_NL",
                                       .type = 20,
                                       .blockElements = 32,
                                       .blockBytes = 18,
                                       .codeBits = 4,
                                       .values = valuesIQ4,
                                       .readBlock = readBlock};
} // namespace quipu
