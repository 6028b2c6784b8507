//===- PairDotProducts.h - Products of matrices on Arm ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_PAIRDOTPRODUCTS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_PAIRDOTPRODUCTS_H

#include "llvm/IR/PassManager.h"

namespace quipu::cpu {

/// Takes two tokens' dot products with the same weights together: smmla, of
/// i8mm, multiplies 8 columns of two tokens by 8 columns of two rows.
struct PairDotProducts : llvm::PassInfoMixin<PairDotProducts> {
  llvm::PreservedAnalyses run(llvm::Function &kernel,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_PAIRDOTPRODUCTS_H
