//===- OpNumbers.h - What verifiers ask of attributes -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_OPNUMBERS_H
#define QUIPU_DIALECT_OPNUMBERS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cmath>

namespace quipu {

/// An integer or a real; not a number when `number` is neither.
inline double getNumber(mlir::Attribute number) {
  if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(number))
    return static_cast<double>(integer.getInt());
  auto real = llvm::dyn_cast<mlir::FloatAttr>(number);
  return real ? real.getValueAsDouble() : NAN;
}

/// A vector of `count` f32.
inline bool isVector(mlir::RankedTensorType type, int64_t count) {
  return type && type.getRank() == 1 && type.getDimSize(0) == count &&
         type.getElementType().isF32();
}

/// The number that a size is bound to, or `other`.
inline int64_t getSize(mlir::Attribute size, int64_t other) {
  auto number = llvm::dyn_cast_or_null<mlir::IntegerAttr>(size);
  return number ? number.getInt() : other;
}

} // namespace quipu

#endif // QUIPU_DIALECT_OPNUMBERS_H
