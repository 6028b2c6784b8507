//===- QuipuLayouts.cpp - How weights lie in a program --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/PackedLayout.h"
#include "dialect/Quipu.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuLayoutInterfaces.cpp.inc"

/// A matrix, or a stack of them.
static bool isMatrix(ArrayRef<int64_t> shape, Type element) {
  return (shape.size() == 2 || shape.size() == 3) &&
         llvm::all_of(
             getFormats(element),
             llvm::IsaPred<Float32Type, Float16Type, BFloat16Type, BlockType>);
}

static bool isVector(ArrayRef<int64_t> shape, Type element) {
  return (shape.size() == 1 &&
          llvm::all_of(
              getFormats(element),
              llvm::IsaPred<Float32Type, Float16Type, BFloat16Type>)) ||
         (shape.size() == 2 && element.isF32());
}

LogicalResult
Rows16Attr::verifyEncoding(ArrayRef<int64_t> shape, Type element,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (!isMatrix(shape, element))
    return emitError() << "C1: " << *this
                       << " is for matrices in storage formats";
  return success();
}

int64_t Rows16Attr::getPackedBytes(RankedTensorType weight) const {
  return getMatrices(weight) * getWeightLayout(weight)->bytes();
}

LogicalResult
FloatsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type element,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (!isVector(shape, element))
    return emitError() << "C1: " << *this
                       << " is for vectors of floats, and "
                          "for f32 that are read as such";
  return success();
}

int64_t FloatsAttr::getPackedBytes(RankedTensorType weight) const {
  return llvm::alignTo(weight.getNumElements() * sizeof(float),
                       packedAlignment);
}

bool quipu::isFragmentMatrix(RankedTensorType weight) {
  return isMatrix(weight.getShape(), weight.getElementType()) &&
         llvm::none_of(getFormats(weight.getElementType()),
                       llvm::IsaPred<Float32Type>);
}

LogicalResult FragmentsAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type element,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (!isFragmentMatrix(RankedTensorType::get(shape, element)))
    return emitError() << "C1: " << *this
                       << " is for matrices in storage formats other than f32";
  return success();
}

int64_t FragmentsAttr::getPackedBytes(RankedTensorType weight) const {
  return getMatrices(weight) * getFragmentLayout(weight)->bytes();
}

LayoutAttrInterface quipu::chooseRowsLayout(RankedTensorType weight) {
  MLIRContext *context = weight.getContext();
  if (isMatrix(weight.getShape(), weight.getElementType()))
    return Rows16Attr::get(context);
  if (isVector(weight.getShape(), weight.getElementType()))
    return FloatsAttr::get(context);
  return {};
}
