//===- MXFP4.cpp - MXFP4: a power of two * 4-bit floats -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
// Twice the numbers of E2M1 (OCP Microscaling Formats 1.0, section 5.3.3).
static const int8_t values[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                  0, -1, -2, -3, -4, -6, -8, -12};

// exponent of the scale, plus 127; 32 nibbles
static void readBlock(const uint8_t *stored, WeightBlock &block) {
  // Half of 2^(exponent - 127); the two least ones are subnormal.
  int exponent = stored[0];
  block.scale = uint16_t(exponent < 2 ? 0x20 << exponent : (exponent - 1) << 7);
  readNibbles(stored + 1, 32, block.codes);
}

extern const WeightFormat formatMXFP4{.name = "MXFP4",
                                      .type = 39,
                                      .blockElements = 32,
                                      .blockBytes = 17,
                                      .codeBits = 4,
                                      .scaleType = ScaleType::BF16,
                                      .values = values,
                                      .readBlock = readBlock};
} // namespace quipu
