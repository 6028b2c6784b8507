//===- Schedule.h - How kernels run -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_SCHEDULE_H
#define QUIPU_COMPILER_CODEGEN_CPU_SCHEDULE_H

#include "compiler/codegen/cpu/HalideOps.h"

namespace quipu::cpu {

/// Norms and quantization of one row per call, whole arrays on the stack: a
/// kernel of its own, or what a one-token kernel begins with.
void scheduleRows(KernelBuilder &kernel);

/// Linear layers with what follows them: tiles of rows in the outer loop,
/// groups of tokens in the next, and the blocks of the sum innermost in
/// registers.
void scheduleLinear(KernelBuilder &kernel);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_SCHEDULE_H
