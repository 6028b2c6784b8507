//===- Passes.h - Kernels on a GPU ------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_PASSES_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_PASSES_H

#include "dialect/Quipu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace quipu::gpu {
#define GEN_PASS_DECL
#include "compiler/codegen/gpu/lower/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_PASSES_H
