//===- ReferenceStorage.h - Packed weights and caches, read plainly -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_REFERENCE_REFERENCESTORAGE_H
#define QUIPU_REFERENCE_REFERENCESTORAGE_H

#include "abi/Abi.h"
#include "weights/HalfFloats.h"
#include "weights/WeightLayout.h"
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace quipu::reference {

/// Row `token` of an activation.
template <typename T> T *getRow(T *rows, int64_t stride, int64_t token) {
  using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
  return reinterpret_cast<T *>(reinterpret_cast<Byte *>(rows) + token * stride);
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

/// One layer's keys or values in the pages of a pool. The layer begins at
/// number `place` of the `pageNumbers` that a page has for each position.
class LayerCache {
public:
  enum Half { Keys, Values };

  LayerCache(const abi::PagePool &pool, int64_t pageNumbers, int64_t place,
             Half half, const abi::KvLayout &layout)
      : pool(pool), pageBytes(abi::getPageBytes(layout.type, pageNumbers)),
        half(half), layout(layout),
        dim(half == Keys ? layout.keyDim : layout.valueDim),
        offset(abi::getPageBytes(layout.type, place) +
               (half == Keys ? 0 : layout.valuesOffset())) {}

  float read(CachePlace at) const {
    char *group = getGroup(at);
    int64_t number = getIndex(at);
    switch (layout.type) {
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
      if (layout.type == abi::CacheType::F16) {
        reinterpret_cast<uint16_t *>(getGroup(at))[index] =
            toHalf(limit(*number, 65504));
      } else if (layout.type == abi::CacheType::F32) {
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
    int64_t page = pool.table[at.slot * pool.tablePages +
                              at.position / abi::pagePositions];
    int64_t group = at.position % abi::pagePositions / abi::groupPositions;
    return static_cast<char *>(pool.pages) + page * pageBytes + offset +
           at.head * layout.headBytes(dim) + group * layout.groupBytes(dim);
  }
  /// Of a number in its group.
  int64_t getIndex(CachePlace at) const {
    int64_t lane = at.position % abi::groupPositions;
    return half == Keys ? layout.keyIndex(at.component, lane)
                        : layout.valueIndex(at.component, lane, dim);
  }
  uint16_t &getScale(CachePlace at) const {
    auto *scales =
        reinterpret_cast<uint16_t *>(getGroup(at) + layout.scalesOffset(dim));
    return scales[layout.scaleIndex(at.component,
                                    at.position % abi::groupPositions)];
  }

  const abi::PagePool &pool;
  int64_t pageBytes;
  Half half;
  abi::KvLayout layout;
  int64_t dim, offset;
};

} // namespace quipu::reference

#endif // QUIPU_REFERENCE_REFERENCESTORAGE_H
