//===- HalfRange.cpp - Weights that f16 cannot hold -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/HalfRange.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/Sequence.h"
#include <cmath>
#include <cstring>

using namespace quipu;

/// What a group of a block multiplies its codes' values by, and adds.
static std::pair<double, double> getFactors(const WeightFormat &format,
                                            const WeightBlock &block,
                                            int64_t group) {
  auto read = format.scaleType == ScaleType::F16 ? fromHalf : fromBFloat;
  double scale = read(block.scale);
  double minimum = format.hasMinima ? read(block.minimum) : 0;
  if (format.hasGroupScales) {
    scale *= block.groupScales[group];
    if (format.hasMinima)
      minimum *= block.groupMinima[group];
  }
  return {scale, minimum};
}

/// Whether a number of a row may be too large: those of a block are at most
/// what its largest code would be.
static bool isSuspicious(const FragmentLayout &layout, const uint8_t *row) {
  // A little less than 65,504, as factors are rounded, too.
  constexpr double limit = 65000;
  const WeightFormat &format = *layout.format;
  if (!format.isQuantized()) {
    uint16_t largest = 0; // as bits, which have the order of the numbers
    for (int64_t i = 0; i < layout.k; ++i)
      largest = std::max<uint16_t>(largest, readHalf(row + 2 * i) & 0x7fff);
    return !(fromBFloat(largest) < limit);
  }
  int largestValue = 0;
  for (int code = 0; code < 1 << format.codeBits; ++code)
    largestValue = std::max(largestValue,
                            std::abs(format.value(static_cast<uint8_t>(code))));
  WeightBlock block;
  for (int64_t i = 0; i < layout.k; i += format.blockElements) {
    format.readBlock(row, block);
    row += format.blockBytes;
    for (int64_t group : llvm::seq(format.groups())) {
      auto [scale, minimum] = getFactors(format, block, group);
      if (!(std::fabs(scale) * largestValue + std::fabs(minimum) < limit))
        return true;
    }
  }
  return false;
}

static double readNumber(const WeightFormat &format, const uint8_t *row,
                         int64_t column) {
  if (!format.isQuantized())
    return fromBFloat(readHalf(row + 2 * column));
  WeightBlock block;
  format.readBlock(row + column / format.blockElements * format.blockBytes,
                   block);
  int64_t inBlock = column % format.blockElements;
  auto [scale, minimum] =
      getFactors(format, block, inBlock / format.groupElements);
  return scale * format.value(block.codes[inBlock]) + minimum;
}

std::optional<TooLarge> quipu::findTooLarge(const FragmentLayout &layout,
                                            const uint8_t *rows, int64_t tile,
                                            const uint8_t *packed) {
  if (layout.format == &formatF16)
    return std::nullopt;
  int64_t first = tile * FragmentLayout::tileRows;
  int64_t count = std::min(FragmentLayout::tileRows, layout.n - first);
  for (int64_t lane = 0; lane < count; ++lane) {
    const uint8_t *row = rows + (first + lane) * layout.checkpointRowBytes();
    if (!isSuspicious(layout, row))
      continue;
    for (int64_t column : llvm::seq(layout.k))
      if (!std::isfinite(layout.readNumber(packed, lane, column)))
        return TooLarge{first + lane, column,
                        readNumber(*layout.format, row, column)};
  }
  return std::nullopt;
}
