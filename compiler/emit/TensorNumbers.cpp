//===- TensorNumbers.cpp - Broken numbers of a checkpoint -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/TensorNumbers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace quipu;

static constexpr uint16_t halfExponent = 0x7c00, bfloatExponent = 0x7f80;

/// Numbers whose exponent has all bits set are infinite or none.
template <typename Bits>
static TensorNumbers inspectFloats(ArrayRef<uint8_t> bytes, Bits exponent) {
  bool isBroken = false;
  Bits all = 0;
  for (size_t i = 0; i < bytes.size(); i += sizeof(Bits)) {
    auto bits =
        support::endian::read<Bits, endianness::little>(bytes.data() + i);
    isBroken |= (bits & exponent) == exponent;
    all |= bits;
  }
  constexpr Bits sign = Bits(1) << (8 * sizeof(Bits) - 1);
  return {!isBroken, (all & ~sign) == 0};
}

static bool isZero(uint16_t half) { return (half & 0x7fff) == 0; }

/// Whether all numbers of a block are zero.
static bool isZero(const WeightFormat &format, const WeightBlock &block) {
  if (format.hasMinima && !isZero(block.minimum))
    return false;
  auto codes = ArrayRef(block.codes).take_front(format.blockElements);
  return isZero(block.scale) ||
         all_of(codes, [&](uint8_t code) { return format.value(code) == 0; });
}

TensorNumbers quipu::inspectNumbers(const WeightFormat &format,
                                    ArrayRef<uint8_t> blocks) {
  if (&format == &formatF32)
    return inspectFloats<uint32_t>(blocks, 0x7f800000);
  if (&format == &formatF16)
    return inspectFloats(blocks, halfExponent);
  if (&format == &formatBF16)
    return inspectFloats(blocks, bfloatExponent);
  uint16_t exponent =
      format.scaleType == ScaleType::F16 ? halfExponent : bfloatExponent;
  TensorNumbers numbers;
  WeightBlock block{};
  for (size_t at = 0; at < blocks.size(); at += format.blockBytes) {
    format.readBlock(blocks.data() + at, block);
    for (uint16_t half : {block.scale, block.minimum})
      numbers.areFinite &= (half & exponent) != exponent;
    numbers.areZero = numbers.areZero && isZero(format, block);
  }
  return numbers;
}
