//===- ReduceOps.h - Leaves ops out while a defect shows --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR's own reduction-tree tries all patterns and folds of a region at once,
// and crashes when what is looked for is then gone.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_REDUCEOPS_H
#define QUIPU_COMPILER_TOOLS_REDUCEOPS_H

namespace quipu {

/// Registers `reduce-ops`, a pass that makes a module simpler op by op: it
/// erases one, lets an operand take its place, or leaves one of its layers.
/// What a script still finds something in is kept.
void registerReduceOpsPass();

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_REDUCEOPS_H
