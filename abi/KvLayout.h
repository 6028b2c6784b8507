//===- KvLayout.h - How keys and values lie in a page -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The KV cache is paged: a page holds the keys and values of `pagePositions`
// consecutive positions of one sequence, of all layers of all states of its
// pool. A block table says which page has which positions. In a page, the
// layers of a state follow each other at a stride; a layer has its keys, then
// its values, unless these are the first components of the keys:
//
//   keys   [head][8 groups of 16 positions] group
//   values [head][8 groups of 16 positions] group
//
// where a group is, in f16 and f32,
//
//   of keys   [dim][16 positions]
//   of values [16 positions][dim]
//
// and in q8_0, a number being its scale times an 8-bit integer,
//
//   of keys   uint8 [dim / 4][16 positions][4], the integer plus 128
//   of values int8 [16 positions][dim]
//
// and behind either, f16 scales [dim / 32][16 positions]. So one vector lane of
// a score is one position, and 8-bit dot products find four components of a key
// in each lane.
//
// A program for a GPU keeps another order, see DeviceKvLayout, in pages of the
// same size.
//
// All sizes scale with the bytes of a number, so a place in a page is given in
// numbers of one position: whatever the cache's type, `getPageBytes` turns it
// into bytes.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_KVLAYOUT_H
#define QUIPU_ABI_KVLAYOUT_H

#include <cstdint>

namespace quipu::abi {

/// How cached keys and values are stored.
// NOLINTNEXTLINE(readability-identifier-naming): as GGUF spells it
enum class CacheType : int32_t { F16 = 0, F32 = 1, Q8_0 = 2 };

struct CacheFormat {
  const char *name;
  int32_t bytes; // of 16 numbers, with their share of scales
};
inline constexpr CacheFormat cacheFormats[] = {
    {"f16", 32}, {"f32", 64}, {"q8_0", 17}};

constexpr const CacheFormat &getFormat(CacheType type) {
  return cacheFormats[static_cast<int32_t>(type)];
}

/// Positions of a page. Attention takes them as one split, too: each gives a
/// partial result.
inline constexpr int32_t pagePositions = 128;

/// Positions whose numbers are interleaved.
inline constexpr int32_t groupPositions = 16;
inline constexpr int32_t pageGroups = pagePositions / groupPositions;

/// Consecutive components of a head that share a scale in a q8_0 cache.
inline constexpr int32_t cacheBlock = 32;

/// Bytes of a page, or of a part of it, that has `numbers` cached numbers for
/// each position; a multiple of 64 when `numbers` is one of 16.
constexpr int64_t getPageBytes(CacheType type, int64_t numbers) {
  return numbers * pageGroups * getFormat(type).bytes;
}

/// One layer's keys and values in a page, in bytes.
struct KvLayout {
  CacheType type;
  int64_t heads, keyDim, valueDim; // dims are multiples of 16, of 32 in q8_0
  /// Whether a value is the first components of its key.
  bool valuesInKeys = false;

  /// Cached numbers of one position.
  constexpr int64_t numbers() const {
    return heads * (keyDim + (valuesInKeys ? 0 : valueDim));
  }
  constexpr int64_t bytes() const { return getPageBytes(type, numbers()); }

  constexpr int64_t groupBytes(int64_t dim) const {
    return dim * getFormat(type).bytes;
  }
  /// From one head's keys (or values) to the next head's.
  constexpr int64_t headBytes(int64_t dim) const {
    return pageGroups * groupBytes(dim);
  }
  /// From a layer's first key to its first value, where it has any.
  constexpr int64_t valuesOffset() const { return heads * headBytes(keyDim); }
  /// From a group's first number to its scales (q8_0).
  static constexpr int64_t scalesOffset(int64_t dim) {
    return dim * groupPositions;
  }

  /// Where component `component` of a key, or of a value, at position `lane`
  /// lies in its group: in numbers.
  constexpr int64_t keyIndex(int64_t component, int64_t lane) const {
    return type == CacheType::Q8_0
               ? component / 4 * 64 + lane * 4 + component % 4
               : component * groupPositions + lane;
  }
  static constexpr int64_t valueIndex(int64_t component, int64_t lane,
                                      int64_t dim) {
    return lane * dim + component;
  }
  /// Where the scale of a component's block lies behind the group's numbers.
  static constexpr int64_t scaleIndex(int64_t component, int64_t lane) {
    return component / cacheBlock * groupPositions + lane;
  }
};

/// One layer's keys and values in a page that a GPU reads: f16 or f32,
///
///   keys   [head][pagePositions][keyDim]
///   values [head][pagePositions][valueDim]
///
/// where f16 heads of a multiple of 64 components are panels of 64, and the
/// eight chunks of 16 bytes that a panel has of a position change places:
///
///   [head][dim / 64][pagePositions][8 chunks], chunk c at c ^ (position % 8)
///
/// So a page's keys of a head are one piece of memory, which without another
/// change is what tensor cores read from shared memory without bank conflicts
/// (the 128-byte swizzle of PTX ISA, section 9.7.15.5.1).
struct DeviceKvLayout {
  CacheType type;
  int64_t heads, keyDim, valueDim;
  /// Whether a value is the first components of its key.
  bool valuesInKeys = false;

  static constexpr int64_t panel = 64; // components
  static constexpr int64_t chunkBytes = 16;
  static constexpr int64_t panelRowBytes = 128; // of a position

  constexpr int64_t numberBytes() const { return getFormat(type).bytes / 16; }
  constexpr int64_t numbers() const {
    return heads * (keyDim + (valuesInKeys ? 0 : valueDim));
  }
  constexpr int64_t bytes() const { return getPageBytes(type, numbers()); }
  /// Components of the heads that have the values.
  constexpr int64_t valueHeadDim() const {
    return valuesInKeys ? keyDim : valueDim;
  }
  /// Whether heads of that many components are swizzled panels.
  constexpr bool hasPanels(int64_t dim) const {
    return type == CacheType::F16 && dim % panel == 0;
  }
  /// From one head's keys (or values) to the next head's.
  constexpr int64_t headBytes(int64_t dim) const {
    return pagePositions * dim * numberBytes();
  }
  /// From a layer's first key to its first value.
  constexpr int64_t valuesOffset() const {
    return valuesInKeys ? 0 : heads * headBytes(keyDim);
  }
  /// Where a component of a key (`dim` is keyDim) or a value (valueHeadDim) at
  /// position `position` of the page lies behind the head's first: in bytes.
  constexpr int64_t offset(int64_t dim, int64_t position,
                           int64_t component) const {
    if (!hasPanels(dim))
      return (position * dim + component) * numberBytes();
    int64_t byte = component % panel * numberBytes();
    int64_t chunk = byte / chunkBytes ^ position % 8;
    return (component / panel * pagePositions + position) * panelRowBytes +
           chunk * chunkBytes + byte % chunkBytes;
  }
};

} // namespace quipu::abi

#endif // QUIPU_ABI_KVLAYOUT_H
