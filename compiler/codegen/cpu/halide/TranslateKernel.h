//===- TranslateKernel.h - From a kernel's region to Halide -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_HALIDE_TRANSLATEKERNEL_H
#define QUIPU_COMPILER_CODEGEN_CPU_HALIDE_TRANSLATEKERNEL_H

#include "compiler/codegen/cpu/halide/Attention.h"
#include "compiler/codegen/cpu/halide/HalideOps.h"
#include "dialect/Quipu.h"

namespace quipu::cpu {

/// Whose bytes a buffer of a Halide function are; its name there is
/// `getName()`.
struct BufferOwner {
  enum Kind { Operand, Result, Weight, Keys, Values } kind;
  unsigned index = 0;     // of the operand or result of the kernel
  llvm::StringRef weight; // the weight's whole name

  std::string getName() const;
};

/// The kernel's ops, defined and scheduled; `owners` says what each buffer is.
/// Throws Halide::Error. Fails with a diagnostic when an op has no Halide form.
mlir::FailureOr<std::unique_ptr<KernelBuilder>>
translateKernel(KernelOp kernel, CpuAttr cpu,
                std::map<std::string, BufferOwner> &owners);

/// The shape of the attention that is the kernel's only op, for single tokens.
AttentionShape getAttentionShape(AttentionOp op, CpuAttr cpu);

/// How many tokens the blocks have that the kernel must have functions for.
llvm::SmallVector<int64_t> getBlockSizes(AttentionOp op);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_TRANSLATEKERNEL_H
