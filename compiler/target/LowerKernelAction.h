//===- LowerKernelAction.h - A kernel's turn in a backend -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_LOWERKERNELACTION_H
#define QUIPU_COMPILER_TARGET_LOWERKERNELACTION_H

#include "mlir/IR/Action.h"

namespace quipu {

/// What a backend does to one kernel after the other, or several at once: for a
/// handler that shows how far it is.
struct LowerKernelAction : mlir::tracing::ActionImpl<LowerKernelAction> {
  static constexpr llvm::StringLiteral tag = "lower-kernel";

  LowerKernelAction(llvm::ArrayRef<mlir::IRUnit> units, size_t number,
                    size_t count)
      : ActionImpl(units), number(number), count(count) {}

  size_t number, count; // of `count` functions, `number` were begun
};

} // namespace quipu

#endif // QUIPU_COMPILER_TARGET_LOWERKERNELACTION_H
