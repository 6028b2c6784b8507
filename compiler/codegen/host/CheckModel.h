//===- CheckModel.h - Whether steps can be lowered as they are --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_HOST_CHECKMODEL_H
#define QUIPU_COMPILER_CODEGEN_HOST_CHECKMODEL_H

#include "dialect/Quipu.h"

namespace quipu {

/// Reports what a pass would have done otherwise, or somebody has edited, and
/// would only show in a program's numbers: results and states that share
/// memory, launches without the barrier that they need, rows of tokens where
/// selected ones are expected, windows that hide what attention sees, and
/// entries that say something else than their steps do.
mlir::LogicalResult checkModel(ModelOp model);

/// Whether the weights that a kernel reads have an offset, and one format each,
/// as code generation needs it.
mlir::LogicalResult checkWeights(KernelOp kernel);

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_HOST_CHECKMODEL_H
