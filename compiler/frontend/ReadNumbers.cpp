//===- ReadNumbers.cpp - Rows of tensors as numbers -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/ReadNumbers.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace quipu;

static void readBlock(const WeightFormat &format, const uint8_t *stored,
                      MutableArrayRef<float> numbers) {
  WeightBlock block{};
  format.readBlock(stored, block);
  auto toFloat = format.scaleType == ScaleType::BF16 ? fromBFloat : fromHalf;
  float scale = toFloat(block.scale);
  float minimum = format.hasMinima ? toFloat(block.minimum) : 0;
  for (auto [i, number] : enumerate(numbers)) {
    size_t group = i / size_t(format.groupElements);
    auto code = float(format.value(block.codes[i]));
    if (format.hasGroupScales)
      number =
          scale * float(block.groupScales[group]) * code +
          (format.hasMinima ? minimum * float(block.groupMinima[group]) : 0);
    else
      number = scale * code + minimum;
  }
}

void quipu::readNumbers(const WeightFormat &format, const uint8_t *stored,
                        MutableArrayRef<float> numbers) {
  auto elements = size_t(format.blockElements);
  for (; !numbers.empty(); stored += format.blockBytes) {
    if (format.isQuantized())
      readBlock(format, stored, numbers.take_front(elements));
    else if (&format == &formatF32)
      numbers.front() = bit_cast<float>(support::endian::read32le(stored));
    else
      numbers.front() = &format == &formatF16 ? fromHalf(readHalf(stored))
                                              : fromBFloat(readHalf(stored));
    numbers = numbers.drop_front(elements);
  }
}
