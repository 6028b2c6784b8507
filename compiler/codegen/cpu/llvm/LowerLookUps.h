//===- LowerLookUps.h - Table look-ups as byte shuffles ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERLOOKUPS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERLOOKUPS_H

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace quipu::cpu {

/// Halide has no shuffle by variable indices. Where a kernel finds vectors of
/// bytes in a table of 16 by 15 selections, it gets the target's instruction.
void lowerLookUps(llvm::Module &kernel, llvm::ArrayRef<std::string> features);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_LOWERLOOKUPS_H
