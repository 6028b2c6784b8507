//===- LowerDotProducts.h - Dot products for each x86 -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERDOTPRODUCTS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERDOTPRODUCTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace quipu::cpu {

/// Halide writes kernels for all x86 processors from AVX2 on with 512-bit
/// vpdpbusd; this brings them to what the features have. Bytes of the second
/// factor must not be -128, which quantized activations never are. An error
/// when a kernel has another instruction that the features lack.
llvm::Error lowerDotProducts(llvm::Module &kernel,
                             llvm::ArrayRef<std::string> features);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERDOTPRODUCTS_H
