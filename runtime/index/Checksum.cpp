//===- Checksum.cpp - Whether parts of an index are whole -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Checksum.h"
#include <cstring>

using namespace quipu;

// Inlined into functions for several processors, as in DotProducts.cpp.
#define QUIPU_INLINE __attribute__((always_inline)) static inline

typedef uint64_t Lanes __attribute__((vector_size(64)));

/// Any odd numbers, each another: powers of 2^64 divided by the golden ratio.
static constexpr Lanes factors = {0x9e3779b97f4a7c15, 0xdf442d22ce4859b9,
                                  0x604a5ce3addef82d, 0xd94363fc538227b1,
                                  0x2e2b795f2d10fd85, 0x4be7956e30a337e9,
                                  0x5ecb31e4ccd2721d, 0x06d4b2611beb6861};

QUIPU_INLINE uint64_t sum(const char *bytes, uint64_t size) {
  Lanes sums = {}, sumsOfSums = {};
  for (uint64_t at = 0; at < size; at += sizeof(Lanes)) {
    Lanes block;
    memcpy(&block, bytes + at, sizeof(Lanes));
    sums += block;
    sumsOfSums += sums;
  }
  Lanes products = sums * factors + (sumsOfSums * factors << 1);
  uint64_t joined = size;
  for (int lane = 0; lane < 8; ++lane)
    joined += products[lane];
  return joined ^ joined >> 32;
}

QUIPU_INLINE uint64_t countUntil(const char *rows, uint64_t rowBytes,
                                 const IndexedPassage *passages,
                                 uint64_t count) {
  uint64_t row = 0;
  while (row < count &&
         sum(rows + row * rowBytes, rowBytes) == passages[row].rowChecksum)
    ++row;
  return row;
}

#define QUIPU_COUNT_WHOLE(NAME)                                                \
  static uint64_t NAME(const char *rows, uint64_t rowBytes,                    \
                       const IndexedPassage *passages, uint64_t count) {       \
    return countUntil(rows, rowBytes, passages, count);                        \
  }

QUIPU_COUNT_WHOLE(countPlainly)
#if defined(__x86_64__)
__attribute__((target("avx2"))) QUIPU_COUNT_WHOLE(countAvx2)
    __attribute__((target("avx512f"))) QUIPU_COUNT_WHOLE(countAvx512)
#endif

        uint64_t quipu::checksumOf(const void *bytes, uint64_t size) {
  return sum(static_cast<const char *>(bytes), size);
}

uint64_t quipu::countWhole(const void *rows, uint64_t rowBytes,
                           const IndexedPassage *passages, uint64_t count) {
  auto *counts = countPlainly;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    counts = countAvx512;
  else if (__builtin_cpu_supports("avx2"))
    counts = countAvx2;
#endif
  return counts(static_cast<const char *>(rows), rowBytes, passages, count);
}
