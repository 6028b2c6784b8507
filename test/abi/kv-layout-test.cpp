//===- kv-layout-test.cpp - Where keys and values lie in a page -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "abi/KvLayout.h"
#include "test/Expect.h"
#include <vector>

using namespace quipu::abi;

/// Every number has a place of its own, and there is none without a number.
static void testPlaces(const DeviceKvLayout &layout) {
  std::vector<bool> isTaken(layout.bytes());
  auto takeHeads = [&](int64_t begin, int64_t dim) {
    for (int64_t head = 0; head < layout.heads; ++head)
      for (int64_t position = 0; position < pagePositions; ++position)
        for (int64_t component = 0; component < dim; ++component) {
          int64_t first = begin + head * layout.headBytes(dim) +
                          layout.offset(dim, position, component);
          EXPECT(first % layout.numberBytes() == 0);
          for (int64_t i = 0; i < layout.numberBytes(); ++i) {
            EXPECT(!isTaken.at(first + i));
            isTaken[first + i] = true;
          }
        }
  };
  takeHeads(0, layout.keyDim);
  takeHeads(layout.valuesOffset(), layout.valueDim);
  for (bool taken : isTaken)
    EXPECT(taken);
}

int main() {
  for (CacheType type : {CacheType::F16, CacheType::F32}) {
    testPlaces({type, 3, 64, 128});
    testPlaces({type, 2, 192, 80});
  }
  // As docs/layouts.md has it.
  constexpr DeviceKvLayout layout{CacheType::F16, 3, 64, 64};
  EXPECT(getPageBytes(CacheType::F16, 5 * 384) + layout.headBytes(64) +
             layout.offset(64, 44, 10) ==
         513620);
  EXPECT(layout.valuesOffset() == 49152);
  puts("ok");
}
