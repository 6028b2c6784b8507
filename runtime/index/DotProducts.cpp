//===- DotProducts.cpp - A vector by many ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/DotProducts.h"
#include <cstring>

// Products and sums are rounded one by one, on every processor.
#pragma STDC FP_CONTRACT OFF

using namespace quipu;

namespace {
// Sixteen numbers, in as many registers as the processor needs.
typedef float Floats __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t HalfBits __attribute__((vector_size(32)));
typedef _Float16 Halves __attribute__((vector_size(32)));

constexpr int64_t lanes = 16;
/// Rows side by side, so that a part of the query is loaded once for all, and
/// how far ahead of them memory is asked for.
constexpr int64_t together = 4, ahead = 4096;
} // namespace

// Inlined into functions for several processors, which is where code is made of
// the vectors.
#define QUIPU_INLINE __attribute__((always_inline)) static inline

#if defined(__x86_64__)
/// By bits: a product makes up for the exponent, for subnormal numbers too.
/// Infinities become finite, and an index has none.
QUIPU_INLINE void convertPlainly(const uint16_t *from, Floats &to) {
  HalfBits bits;
  memcpy(&bits, from, sizeof(bits));
  Words words = __builtin_convertvector(bits, Words);
  Words size = (words & 0x7fff) << 13, sign = (words & 0x8000) << 16;
  // These casts keep the bits.
  to = (Floats)((Words)((Floats)size * 0x1p112f) | sign);
}
#endif

/// With the processor's instruction.
QUIPU_INLINE void convert(const uint16_t *from, Floats &to) {
  Halves halves;
  memcpy(&halves, from, sizeof(halves));
  to = __builtin_convertvector(halves, Floats);
}

QUIPU_INLINE float join(const Floats &sums) {
  float parts[lanes];
  memcpy(parts, &sums, sizeof(parts));
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      parts[i] += parts[i + half];
  return parts[0];
}

template <int64_t rows, auto convert>
QUIPU_INLINE void multiplyRows(const uint16_t *numbers, int64_t stride,
                               const float *query, int64_t count,
                               float *products) {
  Floats sums[rows] = {};
  for (int64_t j = 0; j < count; j += lanes) {
    Floats factor;
    memcpy(&factor, query + j, sizeof(factor));
    for (int64_t row = 0; row < rows; ++row) {
      const uint16_t *place = numbers + row * stride + j;
      if (j % (2 * lanes) == 0) // a line of the cache
        __builtin_prefetch(reinterpret_cast<const char *>(place) + ahead);
      Floats converted;
      convert(place, converted);
      sums[row] += converted * factor;
    }
  }
  for (int64_t row = 0; row < rows; ++row)
    products[row] = join(sums[row]);
}

template <auto convert>
QUIPU_INLINE void multiply(const uint16_t *numbers, int64_t stride,
                           int64_t rows, const float *query, int64_t count,
                           float *products) {
  int64_t row = 0;
  for (; row + together <= rows; row += together)
    multiplyRows<together, convert>(numbers + row * stride, stride, query,
                                    count, products + row);
  for (; row < rows; ++row)
    multiplyRows<1, convert>(numbers + row * stride, stride, query, count,
                             products + row);
}

#define QUIPU_DOT_PRODUCTS(NAME, CONVERT)                                      \
  static void NAME(const uint16_t *numbers, int64_t stride, int64_t rows,      \
                   const float *query, int64_t count, float *products) {       \
    multiply<CONVERT>(numbers, stride, rows, query, count, products);          \
  }

#if defined(__x86_64__)
QUIPU_DOT_PRODUCTS(multiplyPlainly, convertPlainly)
__attribute__((target("avx2,f16c"))) QUIPU_DOT_PRODUCTS(multiplyAvx2, convert)
    __attribute__((target("avx512f")))
    QUIPU_DOT_PRODUCTS(multiplyAvx512, convert)

        DotProducts quipu::chooseDotProducts() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    return multiplyAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"))
    return multiplyAvx2;
  return multiplyPlainly;
}
#else
QUIPU_DOT_PRODUCTS(multiplyPlainly, convert)

DotProducts quipu::chooseDotProducts() { return multiplyPlainly; }
#endif

DotProducts quipu::plainDotProducts() { return multiplyPlainly; }
