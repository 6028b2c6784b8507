//===- RopeAngles.cpp - The cosines and sines of rotary positions ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include <cmath>

// The angle is rounded to f32, as the reference implementations do, so that far
// positions turn by the same amount. Its cosine and sine are taken in f64 and
// rounded once: the result then does not depend on which of the C library's
// f32 variants the processor selects.
void quipu_rope_angles(const int32_t *positions, int32_t count,
                       const float *frequencies, const float *factors,
                       int32_t half, float scale, float *table) {
  for (int32_t i = 0; i < count; ++i) {
    float position = static_cast<float>(positions[i]);
    for (int32_t j = 0; j < half; ++j, table += 2) {
      float frequency = frequencies[j] / (factors ? factors[j] : 1.0f);
      double angle = position * frequency;
      table[0] = static_cast<float>(std::cos(angle)) * scale;
      table[1] = static_cast<float>(std::sin(angle)) * scale;
    }
  }
}
