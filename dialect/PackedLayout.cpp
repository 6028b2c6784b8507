//===- PackedLayout.cpp - Sizes of packed weights and rows ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/PackedLayout.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;
using llvm::alignTo;

/// That of a matrix, of a mix the first; null for others.
static const WeightFormat *getMatrixFormat(RankedTensorType weight) {
  if (weight.getRank() != 2)
    return nullptr;
  return llvm::TypeSwitch<Type, const WeightFormat *>(
             getFormats(weight.getElementType()).front())
      .Case([](Float32Type) { return &formatF32; })
      .Case([](Float16Type) { return &formatF16; })
      .Case([](BFloat16Type) { return &formatBF16; })
      .Case([](BlockType type) { return type.getFormat(); })
      .Default(nullptr);
}

std::optional<WeightLayout> quipu::getWeightLayout(RankedTensorType weight) {
  const WeightFormat *format = getMatrixFormat(weight);
  if (!format)
    return std::nullopt;
  return WeightLayout{format, weight.getDimSize(0), weight.getDimSize(1)};
}

std::optional<FragmentLayout>
quipu::getFragmentLayout(RankedTensorType weight) {
  const WeightFormat *format = getMatrixFormat(weight);
  if (!format || !isFragmentFormat(*format))
    return std::nullopt;
  return FragmentLayout{format, weight.getDimSize(0), weight.getDimSize(1)};
}

int64_t quipu::getRowBytes(RankedTensorType activation) {
  // A linear layer writes whole tiles.
  int64_t elements = alignTo(getElementsPerToken(activation), tileRows);
  return alignTo(getStorageBytes(activation.getElementType(), elements),
                 packedAlignment);
}

int64_t quipu::getArenaBytes(RankedTensorType activation) {
  int64_t tokens = activation.getDimSize(0);
  return getRowBytes(activation) *
         (tokens == 1 ? 1 : alignTo(tokens, tileRows));
}
