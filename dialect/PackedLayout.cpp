//===- PackedLayout.cpp - Sizes of packed weights and rows ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/PackedLayout.h"
#include "dialect/Targets.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;
using llvm::alignTo;

/// That of a matrix, of a mix the first; null for others.
static const WeightFormat *getMatrixFormat(RankedTensorType weight) {
  if (weight.getRank() != 2 && weight.getRank() != 3)
    return nullptr;
  return llvm::TypeSwitch<Type, const WeightFormat *>(
             getFormats(weight.getElementType()).front())
      .Case([](Float32Type) { return &formatF32; })
      .Case([](Float16Type) { return &formatF16; })
      .Case([](BFloat16Type) { return &formatBF16; })
      .Case([](BlockType type) { return type.getFormat(); })
      .Default(nullptr);
}

int64_t quipu::getMatrices(RankedTensorType weight) {
  return weight.getRank() == 3 ? weight.getDimSize(0) : 1;
}

std::optional<WeightLayout> quipu::getWeightLayout(RankedTensorType weight) {
  const WeightFormat *format = getMatrixFormat(weight);
  if (!format)
    return std::nullopt;
  ArrayRef<int64_t> matrix = weight.getShape().take_back(2);
  return WeightLayout{format, matrix[0], matrix[1]};
}

std::optional<FragmentLayout>
quipu::getFragmentLayout(RankedTensorType weight) {
  const WeightFormat *format = getMatrixFormat(weight);
  if (!format || !isFragmentFormat(*format))
    return std::nullopt;
  ArrayRef<int64_t> matrix = weight.getShape().take_back(2);
  return FragmentLayout{format, matrix[0], matrix[1]};
}

int64_t quipu::getRowBytes(RankedTensorType activation) {
  // Rows of blocks have a layout of their own.
  if (activation.getRank() == 3 && isBlockFormat(activation.getElementType()))
    return activation.getDimSize(1) *
           alignTo(getStorageBytes(activation.getElementType(),
                                   activation.getDimSize(2)),
                   packedAlignment);
  // A linear layer writes whole tiles.
  int64_t elements = alignTo(getElementsPerToken(activation), tileRows);
  return alignTo(getStorageBytes(activation.getElementType(), elements),
                 packedAlignment);
}

bool quipu::hasPanels(RankedTensorType activation) {
  return activation.getElementType().isF16() &&
         activation.getDimSize(0) > maxGemvTokens;
}

int64_t quipu::getPanelBytes(RankedTensorType activation) {
  return alignTo(activation.getDimSize(0), FragmentCodes::tileRows) *
         FragmentCodes::panelRowBytes;
}

int64_t quipu::getArenaBytes(RankedTensorType activation) {
  int64_t tokens = activation.getDimSize(0);
  int64_t rows =
      getRowBytes(activation) * (tokens == 1 ? 1 : alignTo(tokens, tileRows));
  if (!hasPanels(activation))
    return rows;
  // What is not for a GPU has rows all the same.
  int64_t panels = llvm::divideCeil(getElementsPerToken(activation),
                                    FragmentCodes::panelColumns);
  return std::max(rows, panels * getPanelBytes(activation));
}
