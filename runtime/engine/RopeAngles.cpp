//===- RopeAngles.cpp - The cosines and sines of rotary positions ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include <algorithm>
#include <cmath>

// The angle is rounded to f32, as the reference implementations do, so that far
// positions turn by the same amount. Its cosine and sine are taken in f64 and
// rounded once: the result then does not depend on which of the C library's
// f32 variants the processor selects.
static void writeTurn(float position, float frequency, float scale,
                      float *pair) {
  double angle = position * frequency;
  pair[0] = static_cast<float>(std::cos(angle)) * scale;
  pair[1] = static_cast<float>(std::sin(angle)) * scale;
}

void quipu_rope_angles(const int32_t *positions, int32_t count,
                       const float *frequencies, const float *factors,
                       int32_t half, float scale, float *table) {
  for (int32_t i = 0; i < count; ++i) {
    float position = static_cast<float>(positions[i]);
    for (int32_t j = 0; j < half; ++j, table += 2) {
      float frequency = frequencies[j] / (factors ? factors[j] : 1.0f);
      writeTurn(position, frequency, scale, table);
    }
  }
}

void quipu_axes_rope_angles(const int32_t *time, const int32_t *height,
                            const int32_t *width, const int32_t *axes,
                            const float *frequencies, const float *factors,
                            int32_t half, float scale, float *table) {
  const int32_t *const places[] = {time, height, width};
  for (int32_t j = 0; j < half; ++j, table += 2)
    quipu_rope_angles(places[axes[j]], 1, frequencies + j,
                      factors ? factors + j : nullptr, 1, scale, table);
}

void quipu_dynamic_rope_angles(int32_t position, int32_t length, double theta,
                               double factor, double context, int32_t half,
                               float scale, float *table) {
  double dims = 2.0 * half;
  double longest = std::max(static_cast<double>(length), context);
  double grown = theta * std::pow(factor * longest / context - (factor - 1),
                                  dims / (dims - 2));
  for (int32_t j = 0; j < half; ++j, table += 2)
    writeTurn(static_cast<float>(position),
              static_cast<float>(std::pow(grown, -2.0 * j / dims)), scale,
              table);
}
