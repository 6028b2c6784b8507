//===- ReductionPatterns.h - Simpler forms for quipu-reduce -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_REDUCTIONPATTERNS_H
#define QUIPU_COMPILER_TOOLS_REDUCTIONPATTERNS_H

#include "mlir/IR/DialectRegistry.h"

namespace quipu {

/// What the pass `reduction-tree` may try beside erasing ops.
void registerReductionPatterns(mlir::DialectRegistry &registry);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_REDUCTIONPATTERNS_H
