//===- WeightLayout.cpp - How packed weights lie in memory ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/WeightLayout.h"

#include <algorithm>
#include <cstring>

using namespace quipu;

void WeightLayout::packTile(const uint8_t *rows, int64_t tile,
                            uint8_t *packed) const {
  std::memset(packed, 0, tileBytes());
  int64_t rowBytes = checkpointRowBytes();
  int64_t live = std::min(tileRows, n - tile * tileRows);
  for (int64_t r = 0; r < live; ++r) {
    const uint8_t *row = rows + (tile * tileRows + r) * rowBytes;
    if (!isQuantized(format)) {
      int64_t size = rowBytes / k;
      for (int64_t i = 0; i < k; ++i)
        std::memcpy(packed + (i * tileRows + r) * size, row + i * size, size);
      continue;
    }
    bool hasMinima = format == WeightFormat::Q4_1;
    bool isBytes = format == WeightFormat::Q8_0;
    for (int64_t b = 0; b < blocks(); ++b) {
      const uint8_t *from = row + b * (rowBytes / blocks());
      uint8_t *to = packed + b * blockBytes();
      std::memcpy(to + r * 2, from, 2);
      if (hasMinima)
        std::memcpy(to + minOffset() + r * 2, from + 2, 2);
      from += hasMinima ? 4 : 2;
      to += valueOffset() + r * 4;
      for (int64_t i = 0; i < (isBytes ? 32 : 16); ++i)
        to[i / 4 * 4 * tileRows + i % 4] = from[i] + (isBytes ? 128 : 0);
    }
  }
}
