//===- LowerBFloatDots.h - Dot products of bf16 pairs -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERBFLOATDOTS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERBFLOATDOTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace quipu::cpu {

/// Makes x86's vdpbf16ps or Arm's bfdot, where the features have one, of
/// sum + odd(a) * odd(b) + even(a) * even(b), the halves of 32-bit lanes being
/// two numbers in bf16. An error when such a product of one word for all lanes
/// is left: its sum would have other bits.
llvm::Error lowerBFloatDots(llvm::Module &kernel,
                            llvm::ArrayRef<std::string> features);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERBFLOATDOTS_H
