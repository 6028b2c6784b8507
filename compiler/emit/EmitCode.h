//===- EmitCode.h - The code of a program -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_EMITCODE_H
#define QUIPU_COMPILER_EMIT_EMITCODE_H

#include "compiler/emit/PackedWeights.h"
#include "compiler/emit/ProgramParts.h"
#include "llvm/IR/Module.h"

namespace quipu {

/// Where the weights of the variants lie, the same in all.
llvm::Expected<PackedWeights> findWeights(const ProgramParts &parts);

/// The code of the variants, with the program table; what emitObjects and
/// emitAssembly take.
llvm::Expected<std::unique_ptr<llvm::Module>>
buildCode(const ProgramParts &parts, const PackedWeights &weights,
          llvm::LLVMContext &context);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_EMITCODE_H
