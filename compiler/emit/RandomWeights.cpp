//===- RandomWeights.cpp - What stands in for weights ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/RandomWeights.h"
#include "dialect/PackedLayout.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace quipu;
using abi::RandomKind;
using abi::RandomPart;

static RandomPart repeat(uint64_t bytes, uint16_t number) {
  return {bytes, number * 0x0001000100010001u, RandomKind::Constant};
}

static RandomKind getKind(const WeightFormat &format) {
  return &format == &formatF32   ? RandomKind::F32
         : &format == &formatF16 ? RandomKind::F16
                                 : RandomKind::BF16;
}

namespace {
/// Scale and minimum with which random codes become numbers around zero.
struct RandomScale {
  float scale, minimum;

  /// `value` is what each of `count` codes stands for.
  RandomScale(int count, function_ref<float(int)> value) {
    float sum = 0, squares = 0;
    for (int code = 0; code < count; ++code) {
      sum += value(code);
      squares += value(code) * value(code);
    }
    float mean = sum / float(count);
    scale =
        abi::randomDeviation / std::sqrt(squares / float(count) - mean * mean);
    minimum = -scale * mean;
  }
};
} // namespace

/// A packed block of a tile.
static std::vector<RandomPart> getRows16Parts(const WeightLayout &layout) {
  const WeightFormat &format = *layout.format;
  if (!format.isQuantized())
    return {{uint64_t(layout.bytes()), 0, getKind(format)}};
  RandomScale random(1 << format.codeBits, [&](int code) {
    return float(format.value(uint8_t(code)));
  });
  auto toBits = format.scaleType == ScaleType::F16 ? toHalf : toBFloat;
  std::vector<RandomPart> parts{
      repeat(layout.minimaOffset(), toBits(random.scale))};
  if (format.hasMinima)
    parts.push_back(repeat(layout.groupScalesOffset() - layout.minimaOffset(),
                           toBits(random.minimum)));
  int64_t codes = layout.packedElements() / blockSize * layout.codeBytes();
  // Group scales and minima of 1; the bytes that fill the line matter to none.
  parts.push_back(
      repeat(layout.codesOffset() - layout.groupScalesOffset(), 0x0101));
  parts.push_back({uint64_t(codes), 0, RandomKind::Bytes});
  return parts;
}

/// A tile.
static std::vector<RandomPart> getFragmentsParts(const FragmentLayout &layout) {
  FragmentCodes codes = layout.codes();
  if (!codes.hasScales())
    return {{uint64_t(layout.bytes()), 0, RandomKind::F16}};
  RandomScale random(1 << codes.bits,
                     [&](int code) { return float(code - codes.offset); });
  std::vector<RandomPart> parts;
  for (int64_t slot = 0; slot < layout.slots(); ++slot) {
    int64_t columns = layout.columnsOfSlot(slot);
    int64_t scales = codes.scalesOffset(columns),
            minima = codes.minimaOffset(columns);
    parts.push_back({uint64_t(scales), 0, RandomKind::Bytes});
    parts.push_back(repeat(minima - scales, toHalf(random.scale)));
    if (codes.hasMinima)
      parts.push_back(
          repeat(layout.slotBytes(slot) - minima, toHalf(random.minimum)));
  }
  return parts;
}

static std::vector<RandomPart> getVectorParts(const PackedTensor &packed) {
  if (packed.tensor->name.ends_with(".bias"))
    return {{packed.bytes, 0, RandomKind::F32}};
  uint64_t one = bit_cast<uint32_t>(1.0f);
  return {{packed.bytes, one << 32 | one, RandomKind::Constant}};
}

std::vector<RandomPart> quipu::getRandomParts(const PackedTensor &packed) {
  auto parts =
      TypeSwitch<mlir::Attribute, std::vector<RandomPart>>(packed.layout)
          .Case([&](Rows16Attr) {
            return getRows16Parts(*getWeightLayout(packed.type));
          })
          .Case([&](FragmentsAttr) {
            return getFragmentsParts(*getFragmentLayout(packed.type));
          })
          .Case([&](FloatsAttr) { return getVectorParts(packed); })
          .DefaultUnreachable("a layout that the packer does not know");
  erase_if(parts, [](const RandomPart &part) { return part.bytes == 0; });
  return parts;
}
