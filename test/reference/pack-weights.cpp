//===- pack-weights.cpp - Packing as Python can call it -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/WeightLayout.h"

using namespace quipu;

static WeightLayout getLayout(const char *format, int64_t n, int64_t k) {
  return {findWeightFormat(std::string_view(format)), n, k};
}

extern "C" int64_t test_packed_bytes(const char *format, int64_t n, int64_t k) {
  return getLayout(format, n, k).bytes();
}

extern "C" int32_t test_format_type(const char *format) {
  return int32_t(findWeightFormat(std::string_view(format))->type);
}

extern "C" void test_pack(const char *format, int64_t n, int64_t k,
                          const uint8_t *rows, uint8_t *packed) {
  WeightLayout layout = getLayout(format, n, k);
  for (int64_t tile = 0; tile < layout.tiles(); ++tile)
    layout.packTile(rows, tile, packed + tile * layout.tileBytes());
}
