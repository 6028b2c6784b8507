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

/// A kernel's ops in Halide.
struct TranslatedKernel {
  std::unique_ptr<KernelBuilder> functions;
  llvm::SmallVector<mlir::FlatSymbolRefAttr> weights; // by BufferOwner::index
};

/// The ops of a kernel that runs by tiles or row by row, defined and scheduled.
/// `pageNumbers` is getPageNumbers of the state that it writes; all else is in
/// the kernel. Throws Halide::Error. Fails with a diagnostic when an op has no
/// Halide form.
mlir::FailureOr<TranslatedKernel> translateKernel(KernelOp kernel, CpuAttr cpu,
                                                  int64_t pageNumbers);

/// The rows that a token has in the kernel, one for each expert that it has
/// chosen; 0 where tokens choose none.
int64_t getChosen(KernelOp kernel);

/// Whether a value of such a kernel has these rows, and not one for the token.
bool isOfChoices(mlir::RankedTensorType type, int64_t chosen);

/// The shape of attention for single tokens.
AttentionShape getAttentionShape(AttentionOp op, CpuAttentionAttr schedule);

/// How many tokens the blocks have that the kernel must have functions for.
llvm::SmallVector<int64_t> getBlockSizes(AttentionOp op);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_TRANSLATEKERNEL_H
