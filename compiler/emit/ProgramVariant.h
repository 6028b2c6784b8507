//===- ProgramVariant.h - The steps for one kind of processor ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_PROGRAMVARIANT_H
#define QUIPU_COMPILER_EMIT_PROGRAMVARIANT_H

#include "compiler/target/Target.h"
#include "mlir/IR/BuiltinOps.h"

namespace quipu {

/// All code of a model that depends on the processor. A program has one for
/// each target that it is for, the most able first; they have the architecture
/// in common, the packed weights and the sizes.
struct ProgramVariant {
  mlir::ModuleOp module; // of stage `llvm`
  Target target;
};

/// An error unless the variants have in common what they must.
llvm::Error checkVariants(llvm::ArrayRef<ProgramVariant> variants);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_PROGRAMVARIANT_H
