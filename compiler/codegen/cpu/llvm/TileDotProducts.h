//===- TileDotProducts.h - Products of matrices on x86 ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_TILEDOTPRODUCTS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_TILEDOTPRODUCTS_H

#include "llvm/IR/PassManager.h"

namespace quipu::cpu {

/// Takes 16 tokens' dot products with the same weights together, for AMX: a
/// tile of activations times a tile of weights, both from memory.
struct TileDotProducts : llvm::PassInfoMixin<TileDotProducts> {
  llvm::PreservedAnalyses run(llvm::Function &kernel,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_TILEDOTPRODUCTS_H
