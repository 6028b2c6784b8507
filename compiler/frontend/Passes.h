//===- Passes.h - From spec and checkpoint to a graph -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_PASSES_H
#define QUIPU_COMPILER_FRONTEND_PASSES_H

#include "dialect/Quipu.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace quipu {
class Checkpoint;

#define GEN_PASS_DECL
#include "compiler/frontend/Passes.h.inc"

/// Binds an opened checkpoint to the spec in `module`; errors are diagnostics
/// at the spec's lines.
mlir::LogicalResult bindCheckpoint(mlir::ModuleOp module,
                                   const Checkpoint &checkpoint,
                                   llvm::ArrayRef<int64_t> tokens);

#define GEN_PASS_REGISTRATION
#include "compiler/frontend/Passes.h.inc"

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_PASSES_H
