//===- JoinBytes.h - Words that need not be taken apart ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_JOINBYTES_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_JOINBYTES_H

#include "llvm/IR/PassManager.h"

namespace quipu::cpu {

/// On Arm Halide takes words of weights apart into their bytes, and puts them
/// together again when it stores them, by st4: this stores the words.
struct JoinBytes : llvm::PassInfoMixin<JoinBytes> {
  llvm::PreservedAnalyses run(llvm::Function &kernel,
                              llvm::FunctionAnalysisManager &analyses);
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_JOINBYTES_H
