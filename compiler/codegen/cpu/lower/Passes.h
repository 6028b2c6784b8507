//===- Passes.h - Kernels on a CPU ------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_PASSES_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_PASSES_H

#include "dialect/Quipu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Error.h"

namespace quipu {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/codegen/cpu/lower/Passes.h.inc"

/// Halide's lowered statements of a kernel, as text; empty for a kernel that
/// Halide has no part in.
llvm::Expected<std::string> printHalideStatements(KernelOp kernel);

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_PASSES_H
