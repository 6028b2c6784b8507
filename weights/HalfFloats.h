//===- HalfFloats.h - Numbers of 16 bits ------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_WEIGHTS_HALFFLOATS_H
#define QUIPU_WEIGHTS_HALFFLOATS_H

#include <bit>
#include <cmath>
#include <cstdint>

namespace quipu {

// By bits, as processors without F16C have no conversion and a C library may
// lack it. The product is exact, for subnormal numbers too.
inline float fromHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t rest = uint32_t(half & 0x7fff) << 13;
  bool finite = (half & 0x7c00) != 0x7c00;
  uint32_t bits =
      finite ? std::bit_cast<uint32_t>(std::bit_cast<float>(rest) * 0x1p112f)
             : rest | 0x7f800000;
  return std::bit_cast<float>(sign | bits);
}

/// The nearest half, of two the even one.
inline uint16_t toHalf(float number) {
  uint32_t bits = std::bit_cast<uint32_t>(number);
  uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  float size = std::bit_cast<float>(bits);
  if (std::isnan(number))
    return sign | 0x7e00;
  if (size >= 65520.0f)
    return sign | 0x7c00;
  if (size < 0x1p-14f) // in units of the smallest half
    return sign | uint16_t(std::nearbyint(size * 0x1p24f));
  return sign |
         uint16_t((bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13);
}

inline float fromBFloat(uint16_t number) {
  return std::bit_cast<float>(uint32_t(number) << 16);
}

/// The nearest bfloat16, of two the even one.
inline uint16_t toBFloat(float number) {
  uint32_t bits = std::bit_cast<uint32_t>(number);
  uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  return uint16_t((number == number ? rounded >> 16 : bits >> 16 | 0x40));
}

} // namespace quipu

#endif // QUIPU_WEIGHTS_HALFFLOATS_H
