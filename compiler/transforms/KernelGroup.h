//===- KernelGroup.h - Ops that become one kernel ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_KERNELGROUP_H
#define QUIPU_COMPILER_TRANSFORMS_KERNELGROUP_H

#include "dialect/Quipu.h"

namespace quipu {

/// Erases the ops of a kernel's body whose results nobody reads.
void eraseDeadOps(mlir::Block &body);

/// Ops of one block that become one kernel, in the order of the block.
class KernelGroup {
public:
  void add(FusionInterface op);
  /// Repeats the ops of `rows` before the group's own.
  void addPrologue(const KernelGroup &rows);

  /// The first op's role, which is the group's.
  FusionRole getRole() const { return role; }
  /// Whether all of the group's ops have that role.
  bool isOnly(FusionRole role) const;
  /// What the first op reads.
  mlir::Value getInput() const { return input; }
  llvm::ArrayRef<mlir::Operation *> getOps() const { return ops; }

  /// Adds the kernel to the model and its launch behind the group's last op;
  /// users outside the group read the launch's results then.
  void outline(StepOp step, mlir::SymbolTable &symbols);

private:
  std::string getName(StepOp step, const mlir::SymbolTable &symbols) const;
  /// Says what has become of the ops.
  void remark(StepOp step, KernelOp kernel) const;

  FusionRole role;
  mlir::Value input;
  llvm::SmallVector<mlir::Operation *> ops;
  unsigned prologue = 0; // so many of them come from other groups
};

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_KERNELGROUP_H
