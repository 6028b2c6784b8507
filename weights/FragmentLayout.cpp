//===- FragmentLayout.cpp - Weights in the order of tensor cores ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/FragmentLayout.h"

using namespace quipu;

bool quipu::isFragmentFormat(const WeightFormat &format) {
  return format.isQuantized() || format.blockBytes == 2;
}

FragmentCodes::FragmentCodes(const WeightFormat &format)
    : bits(!format.isQuantized()                    ? 16
           : format.codeBits <= 4 && !format.values ? 4
                                                    : 8),
      groupElements(format.isQuantized() ? format.groupElements : 0),
      hasMinima(format.hasMinima), offset(bits == 16  ? 0
                                          : bits == 8 ? 128
                                                      : format.codeOffset()) {}

FragmentPlace FragmentLayout::getPlace(int64_t row, int64_t column) const {
  FragmentCodes codes = this->codes();
  int64_t slot = column / slotColumns, columns = columnsOfSlot(slot);
  int64_t begin = row / tileRows * tileBytes() + slotOffset(slot);
  int64_t g = row % tileRows;
  column %= slotColumns;

  int64_t pair = column % codes.blockColumns / 8, q = column % 8 / 2;
  int64_t element = column % 2;
  int64_t bit = codes.bits == 4 ? 4 * pair + 16 * element
                                : codes.bits * (2 * pair + element);
  int64_t code = begin + column / codes.blockColumns * codes.blockBytes() +
                 (4 * g + q) * codes.laneBytes() + bit / 8;
  int64_t group = codes.hasScales() ? column / codes.groupElements : 0;
  int64_t number = group * codes.groupBytes() + 2 * g;
  return {code, int(bit % 8), begin + codes.scalesOffset(columns) + number,
          begin + codes.minimaOffset(columns) + number};
}
