//===- Numbers.h - Numbers in the registers of PTX --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_NUMBERS_H
#define QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_NUMBERS_H

#include "weights/HalfFloats.h"

namespace quipu::ptx {

inline float f32(uint64_t bits) { return std::bit_cast<float>(uint32_t(bits)); }
inline uint64_t bits(float number) { return std::bit_cast<uint32_t>(number); }
inline double f64(uint64_t bits) { return std::bit_cast<double>(bits); }
inline uint64_t bits(double number) { return std::bit_cast<uint64_t>(number); }
inline float flush(float number) {
  return std::fabs(number) < 0x1p-126f ? std::copysign(0.0f, number) : number;
}

/// A double rounded once to a type with fewer bits: to odd in f32 first.
inline float roundToOdd(double number) {
  auto nearest = float(number);
  auto word = std::bit_cast<uint32_t>(nearest);
  if (std::isfinite(nearest) && double(nearest) != number && !(word & 1))
    nearest = std::bit_cast<float>(
        std::fabs(double(nearest)) < std::fabs(number) ? word | 1 : word - 1);
  return nearest;
}
inline uint16_t toHalfOnce(double number) { return toHalf(roundToOdd(number)); }
inline uint16_t toBFloatOnce(double number) {
  return toBFloat(roundToOdd(number));
}

} // namespace quipu::ptx

#endif // QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_NUMBERS_H
