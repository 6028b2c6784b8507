//===- Schedule.h - How kernels run -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_HALIDE_SCHEDULE_H
#define QUIPU_COMPILER_CODEGEN_CPU_HALIDE_SCHEDULE_H

#include "compiler/codegen/cpu/halide/HalideOps.h"

namespace quipu::cpu {

/// Norms over whole rows, and quantization: one row per call, whole arrays on
/// the stack. A kernel of its own, or what a one-token kernel begins with.
void scheduleRows(KernelBuilder &kernel);

/// Everything: rows, then linear layers and heads with what follows them: tiles
/// of rows in the outer loop, groups of tokens in the next, and the blocks of
/// the sum innermost in registers.
void scheduleKernel(KernelBuilder &kernel);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_SCHEDULE_H
