//===- ReferenceStorage.h - Packed weights and caches, read plainly -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_REFERENCESTORAGE_H
#define QUIPU_DIALECT_REFERENCESTORAGE_H

#include "dialect/WeightLayout.h"
#include "runtime/Abi.h"
#include <bit>
#include <cmath>
#include <cstdint>

namespace quipu::reference {

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

/// Row `row` of a packed weight.
inline void readWeightRow(const void *weight, const WeightLayout &layout,
                          int64_t row, float *result) {
  const WeightFormat &format = *layout.format;
  const uint8_t *tile = static_cast<const uint8_t *>(weight) +
                        row / tileRows * layout.tileBytes();
  int64_t lane = row % tileRows;
  auto *halves = reinterpret_cast<const uint16_t *>(tile);
  auto *floats = reinterpret_cast<const float *>(tile);
  for (int64_t i = 0; !format.isQuantized() && i < layout.k; ++i) {
    int64_t at = i * tileRows + lane;
    result[i] = &format == &formatF32   ? floats[at]
                : &format == &formatF16 ? fromHalf(halves[at])
                                        : fromBFloat(halves[at]);
  }
  bool isHalf = format.scaleType == ScaleType::F16;
  WeightBlock block;
  for (int64_t i = 0; format.isQuantized() && i < layout.k; ++i) {
    int64_t at = i % format.blockElements, group = at / format.groupElements;
    if (at == 0)
      layout.readBlock(tile, lane, i / format.blockElements, block);
    float scale = isHalf ? fromHalf(block.scale) : fromBFloat(block.scale);
    float factor = format.hasGroupScales ? block.groupScales[group] : 1;
    result[i] = scale * factor * float(format.value(block.codes[at]));
    if (format.hasMinima)
      result[i] += fromHalf(block.minimum) *
                   (format.hasGroupScales ? block.groupMinima[group] : 1);
  }
}

struct CachePlace {
  int64_t slot, head, position, component;
};

/// One layer's half of keys and half of values in StepArgs::cache.
class LayerCache {
public:
  LayerCache(const abi::StepArgs &args, int64_t layer, abi::CacheType type,
             int64_t heads, int64_t dim)
      : type(type), heads(heads), dim(dim), context(args.context),
        values(args.slots * heads * dim * context),
        data(static_cast<char *>(args.cache) +
             2 * layer * values * (type == abi::CacheType::F16 ? 2 : 4)) {}

  /// The index of a number for read and write.
  int64_t getKey(CachePlace at) const {
    return (at.slot * heads + at.head) * context * dim +
           at.position / abi::cachePositions * dim * abi::cachePositions +
           at.component * abi::cachePositions +
           at.position % abi::cachePositions;
  }
  int64_t getValue(CachePlace at) const {
    return values +
           ((at.slot * heads + at.head) * context + at.position) * dim +
           at.component;
  }

  float read(int64_t index) const {
    return type == abi::CacheType::F16
               ? fromHalf(reinterpret_cast<const uint16_t *>(data)[index])
               : reinterpret_cast<const float *>(data)[index];
  }
  void write(int64_t index, float number) {
    if (type == abi::CacheType::F16)
      reinterpret_cast<uint16_t *>(data)[index] = toHalf(number);
    else
      reinterpret_cast<float *>(data)[index] = number;
  }

private:
  abi::CacheType type;
  int64_t heads, dim, context;
  int64_t values; // the index of the first value
  char *data;
};

} // namespace quipu::reference

#endif // QUIPU_DIALECT_REFERENCESTORAGE_H
