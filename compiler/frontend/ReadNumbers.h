//===- ReadNumbers.h - Rows of tensors as numbers ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_READNUMBERS_H
#define QUIPU_COMPILER_FRONTEND_READNUMBERS_H

#include "weights/formats/WeightFormat.h"
#include "llvm/ADT/ArrayRef.h"

namespace quipu {

/// Reads a row, as a checkpoint stores it in any format.
void readNumbers(const WeightFormat &format, const uint8_t *stored,
                 llvm::MutableArrayRef<float> numbers);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_READNUMBERS_H
