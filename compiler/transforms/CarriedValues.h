//===- CarriedValues.h - What layer loops overwrite -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a loop of layers begins with, what each layer takes and yields, and what
// the loop returns is one value in memory: each layer overwrites it.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_CARRIEDVALUES_H
#define QUIPU_COMPILER_TRANSFORMS_CARRIEDVALUES_H

#include "dialect/Quipu.h"

namespace quipu {

/// What a layer, a body of a loop, hands to the next.
mlir::Value getYielded(mlir::Block *layer);

/// Whether a layer still reads its input when it overwrites it. A kernel may
/// read it where, and before, it writes the same number of what is yielded.
bool readsInputLate(mlir::Block *layer);

/// Whether what the loop begins with is read in the loop or behind it, or is
/// not the step's to overwrite.
bool readsInitLate(LayersOp layers);

/// Reports a layer loop of the step that overwrites what is still read.
mlir::LogicalResult verifyCarriedValues(StepOp step);

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_CARRIEDVALUES_H
