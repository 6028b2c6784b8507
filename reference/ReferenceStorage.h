//===- ReferenceStorage.h - Packed weights and caches, read plainly -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_REFERENCE_REFERENCESTORAGE_H
#define QUIPU_REFERENCE_REFERENCESTORAGE_H

#include "abi/Abi.h"
#include "weights/WeightLayout.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

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

/// The nearest bfloat16, of two the even one.
inline uint16_t toBFloat(float number) {
  uint32_t bits = std::bit_cast<uint32_t>(number);
  if (std::isnan(number))
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Row `row` of a packed weight.
inline void readWeightRow(const void *weight, const WeightLayout &layout,
                          int64_t row, float *result) {
  const WeightFormat &format = *layout.format;
  const uint8_t *tile = static_cast<const uint8_t *>(weight) +
                        row / tileRows * layout.tileBytes();
  int64_t lane = row % tileRows;
  if (!format.isQuantized()) {
    auto *halves = reinterpret_cast<const uint16_t *>(tile);
    auto *floats = reinterpret_cast<const float *>(tile);
    for (int64_t column = 0; column < layout.k; ++column) {
      int64_t at = layout.getIndex(column, lane);
      *result++ = &format == &formatF32   ? floats[at]
                  : &format == &formatF16 ? fromHalf(halves[at])
                                          : fromBFloat(halves[at]);
    }
    return;
  }
  bool isHalf = format.scaleType == ScaleType::F16;
  for (const WeightBlock &block : layout.readRow(tile, lane)) {
    float scale = isHalf ? fromHalf(block.scale) : fromBFloat(block.scale);
    float minimum = format.hasMinima ? fromHalf(block.minimum) : 0;
    for (int64_t i = 0; i < format.blockElements; ++i) {
      int64_t group = i / format.groupElements;
      float factor = format.hasGroupScales ? block.groupScales[group] : 1;
      *result = scale * factor * float(format.value(block.codes[i]));
      if (format.hasMinima)
        *result +=
            minimum * (format.hasGroupScales ? block.groupMinima[group] : 1);
      ++result;
    }
  }
}

struct CachePlace {
  int64_t slot, head, position, component;
};

/// One layer's keys or values in StepArgs::cache.
class LayerCache {
public:
  enum Half { Keys, Values };

  LayerCache(const abi::StepArgs &args, int64_t layer, Half half,
             abi::CacheType type, int64_t heads, int64_t dim)
      : half(half), type(type), heads(heads), dim(dim),
        groups(args.context / abi::cachePositions),
        groupBytes(dim * abi::getFormat(type).bytes),
        data(static_cast<char *>(args.cache) +
             (2 * layer + half) * args.slots * heads * groups * groupBytes) {}

  float read(CachePlace at) const {
    char *group = getGroup(at);
    int64_t number = getIndex(at);
    switch (type) {
    case abi::CacheType::F16:
      return fromHalf(reinterpret_cast<uint16_t *>(group)[number]);
    case abi::CacheType::F32:
      return reinterpret_cast<float *>(group)[number];
    case abi::CacheType::Q8_0:
      break;
    }
    auto byte = reinterpret_cast<uint8_t *>(group)[number];
    int integer = half == Keys ? byte - 128 : int8_t(byte);
    return fromHalf(getScale(at)) * float(integer);
  }

  /// Stores all components of a head. A number that is too large for the type
  /// becomes the largest.
  void write(CachePlace at, const float *numbers) {
    float inverse = 0;
    for (at.component = 0; at.component < dim; ++at.component) {
      const float *number = numbers + at.component;
      int64_t index = getIndex(at);
      if (type == abi::CacheType::F16) {
        reinterpret_cast<uint16_t *>(getGroup(at))[index] =
            toHalf(limit(*number, 65504));
      } else if (type == abi::CacheType::F32) {
        reinterpret_cast<float *>(getGroup(at))[index] =
            limit(*number, std::numeric_limits<float>::max());
      } else {
        if (at.component % abi::cacheBlock == 0)
          inverse = writeScale(at, number);
        auto integer =
            int8_t(std::nearbyint(limit(*number, largestQ8) * inverse));
        reinterpret_cast<uint8_t *>(getGroup(at))[index] =
            half == Keys ? integer + 128 : integer;
      }
    }
  }

private:
  static constexpr float largestQ8 = 127 * 65504.0f;

  /// Of the block of numbers from `at` on; returns what they are multiplied by.
  float writeScale(CachePlace at, const float *numbers) {
    float largest = 0;
    for (int64_t i = 0; i < abi::cacheBlock; ++i)
      largest = std::max(largest, std::fabs(limit(numbers[i], largestQ8)));
    getScale(at) = toHalf(largest / 127);
    return largest > 1e-30f ? 127 / largest : 0;
  }

  static float limit(float number, float most) {
    number = number < most ? number : most; // NaN, too
    return number > -most ? number : -most;
  }

  char *getGroup(CachePlace at) const {
    return data + ((at.slot * heads + at.head) * groups +
                   at.position / abi::cachePositions) *
                      groupBytes;
  }
  /// Of a number in its group.
  int64_t getIndex(CachePlace at) const {
    int64_t position = at.position % abi::cachePositions;
    if (half == Values)
      return position * dim + at.component;
    int64_t together = type == abi::CacheType::Q8_0 ? 4 : 1;
    return (at.component / together * abi::cachePositions + position) *
               together +
           at.component % together;
  }
  uint16_t &getScale(CachePlace at) const {
    auto *scales =
        reinterpret_cast<uint16_t *>(getGroup(at) + dim * abi::cachePositions);
    return scales[at.component / abi::cacheBlock * abi::cachePositions +
                  at.position % abi::cachePositions];
  }

  Half half;
  abi::CacheType type;
  int64_t heads, dim, groups, groupBytes;
  char *data;
};

} // namespace quipu::reference

#endif // QUIPU_REFERENCE_REFERENCESTORAGE_H
