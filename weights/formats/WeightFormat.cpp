//===- WeightFormat.cpp - The list of formats -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

#include <algorithm>
#include <cctype>

namespace quipu {

#define FORMATS(X)                                                             \
  X(F32)                                                                       \
  X(F16)                                                                       \
  X(BF16)                                                                      \
  X(Q4_0)                                                                      \
  X(Q4_1)                                                                      \
  X(Q5_0)                                                                      \
  X(Q5_1)                                                                      \
  X(Q8_0)                                                                      \
  X(Q2_K)                                                                      \
  X(Q3_K)                                                                      \
  X(Q4_K)                                                                      \
  X(Q5_K)                                                                      \
  X(Q6_K)                                                                      \
  X(IQ4_NL)                                                                    \
  X(IQ4_XS)                                                                    \
  X(MXFP4)

#define DECLARE(name) extern const WeightFormat format##name;
FORMATS(DECLARE)

#define ADDRESS(name) &format##name,
static const WeightFormat *const formats[] = {FORMATS(ADDRESS)};

const WeightFormat *findWeightFormat(uint32_t type) {
  for (const WeightFormat *format : formats)
    if (format->type == type)
      return format;
  return nullptr;
}

const WeightFormat *findWeightFormat(std::string_view name) {
  auto same = [](unsigned char a, unsigned char b) {
    return std::toupper(a) == std::toupper(b);
  };
  for (const WeightFormat *format : formats)
    if (std::equal(name.begin(), name.end(), format->name.begin(),
                   format->name.end(), same))
      return format;
  return nullptr;
}

std::string_view weightFormatNames() {
#define NAME(name) #name ", "
  std::string_view names = FORMATS(NAME);
  return names.substr(0, names.size() - 2);
}

void readSixBitGroups(const uint8_t *stored, const uint8_t *nibbles,
                      WeightBlock &block) {
  block.scale = readHalf(stored);
  block.minimum = readHalf(stored + 2) ^ 0x8000;
  const uint8_t *from = stored + 4;
  for (int64_t group = 0; group < 4; ++group) {
    block.groupScales[group] = from[group] & 63;
    block.groupMinima[group] = from[group + 4] & 63;
    // The last four: low nibbles together, high pairs above the first four.
    uint8_t both = from[group + 8];
    block.groupScales[group + 4] = (both & 15) | from[group] >> 6 << 4;
    block.groupMinima[group + 4] = both >> 4 | from[group + 4] >> 6 << 4;
  }
  for (int64_t i = 0; i < 4; ++i)
    readNibbles(nibbles + 32 * i, 64, block.codes + 64 * i);
}

} // namespace quipu
