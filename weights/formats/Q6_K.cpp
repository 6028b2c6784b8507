//===- Q6_K.cpp - Q6_K: groups of 16, 6 bits ------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

#include <cstring>

namespace quipu {
// 128 bytes of nibbles, 64 bytes of four high pairs, 16 signed bytes of scales,
// f16 scale
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  block.scale = readHalf(stored + 208);
  std::memcpy(block.groupScales, stored + 192, 16);
  for (int64_t half = 0; half < 2; ++half)
    readNibbles(stored + 64 * half, 128, block.codes + 128 * half);
  for (int64_t part = 0; part < 8; ++part)
    for (int64_t i = 0; i < 32; ++i) {
      uint8_t byte = stored[128 + part / 4 * 32 + i];
      block.codes[32 * part + i] |= (byte >> part % 4 * 2 & 3) << 4;
    }
}

extern const WeightFormat formatQ6_K{.name = "Q6_K",
                                     .type = 14,
                                     .blockElements = 256,
                                     .blockBytes = 210,
                                     .codeBits = 6,
                                     .groupElements = 16,
                                     .hasGroupScales = true,
                                     .readBlock = readBlock};
} // namespace quipu
