//===- TensorNumbers.h - Broken numbers of a checkpoint ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_TENSORNUMBERS_H
#define QUIPU_COMPILER_EMIT_TENSORNUMBERS_H

#include "weights/formats/WeightFormat.h"
#include "llvm/ADT/ArrayRef.h"

namespace quipu {

/// What can be wrong with a tensor as its checkpoint stores it.
struct TensorNumbers {
  bool areFinite = true, areZero = true;

  void add(const TensorNumbers &other) {
    areFinite &= other.areFinite;
    areZero &= other.areZero;
  }
};

/// Of whole blocks. Of a quantized one the scales tell whether it is finite.
TensorNumbers inspectNumbers(const WeightFormat &format,
                             llvm::ArrayRef<uint8_t> blocks);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_TENSORNUMBERS_H
