//===- LayerKinds.h - A body for each kind of layer -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_LAYERKINDS_H
#define QUIPU_COMPILER_FRONTEND_LAYERKINDS_H

#include "dialect/Quipu.h"

namespace quipu {
class BoundParameters;

/// Replaces each `quipu.choose` in a step, which is not bound yet, by the value
/// that it stands for, and erases what only the other one needs. Where layers
/// differ, the loop has a body for each kind afterwards: for each combination
/// of the sets of `model` that its layers are in.
mlir::LogicalResult resolveChoices(StepOp step, ModelOp model,
                                   BoundParameters &parameters);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_LAYERKINDS_H
