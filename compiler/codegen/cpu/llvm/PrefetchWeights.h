//===- PrefetchWeights.h - Reading weights ahead ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_PREFETCHWEIGHTS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_PREFETCHWEIGHTS_H

namespace llvm {
class Function;
} // namespace llvm

namespace quipu::cpu {

/// Lets loops that read each of the weights once, as those for one token, ask
/// for what they will read soon. For optimized functions: kernels are inlined
/// into their wrappers.
void prefetchWeights(llvm::Function &kernel);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_PREFETCHWEIGHTS_H
