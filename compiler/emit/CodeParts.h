//===- CodeParts.h - Code that threads compile side by side -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_CODEPARTS_H
#define QUIPU_COMPILER_EMIT_CODEPARTS_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace quipu {
struct Target;

/// Optimises the code of buildCode and writes it as objects that refer to each
/// other, for the linker to join.
llvm::Expected<std::vector<std::string>> emitObjects(llvm::Module &code,
                                                     const Target &target);

/// The same machine code as one text.
llvm::Expected<std::string> emitAssembly(llvm::Module &code,
                                         const Target &target);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_CODEPARTS_H
