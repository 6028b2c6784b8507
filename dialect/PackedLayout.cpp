//===- PackedLayout.cpp - Sizes of packed weights and rows ----------------
//===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/PackedLayout.h"
#include "dialect/Quipu.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::alignTo;

int64_t quipu::getPackedBytes(RankedTensorType weight) {
  if (weight.getRank() == 1)
    return alignTo(weight.getNumElements() * sizeof(float), packedAlignment);
  int64_t rows = weight.getDimSize(0);
  int64_t rowBytes =
      getStorageBytes(weight.getElementType(), weight.getNumElements() / rows);
  return alignTo(rowBytes * tileRows, packedAlignment) *
         llvm::divideCeil(rows, tileRows);
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
