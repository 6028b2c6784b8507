//===- KernelModule.h - Halide's bitcode, ready for LLVM --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_KERNELMODULE_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_KERNELMODULE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace quipu::cpu {

/// Parses the bitcode of compileHalide: a module with the one kernel `name`,
/// without Halide's target attributes, metadata and alias information, in which
/// products may be fused with the sum they go into (flag `contract`). A sum of
/// two products is left alone: which one would be fused depends on the code
/// around it, and with it the bits. Calls nothing but LLVM intrinsics, of which
/// processors with the LLVM features `features` have the instructions.
llvm::Expected<std::unique_ptr<llvm::Module>>
parseKernel(llvm::StringRef bitcode, llvm::StringRef name,
            llvm::ArrayRef<std::string> features, llvm::LLVMContext &context);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_KERNELMODULE_H
