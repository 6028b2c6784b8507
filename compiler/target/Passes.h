//===- Passes.h - What a module is for ---------------------------- -*- C++
//-*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_PASSES_H
#define QUIPU_COMPILER_TARGET_PASSES_H

#include "dialect/Quipu.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace quipu {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/target/Passes.h.inc"

} // namespace quipu

#endif // QUIPU_COMPILER_TARGET_PASSES_H
