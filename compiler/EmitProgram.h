//===- EmitProgram.h - From stage `llvm` to the finished file ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMITPROGRAM_H
#define QUIPU_COMPILER_EMITPROGRAM_H

#include "compiler/emit/ProgramParts.h"
#include "compiler/link/LinkProgram.h"

namespace quipu {

/// Where the header of a library goes: quipu.h beside it. Empty if it is
/// written to a device or a pipe, which nothing is beside of.
std::string getHeaderPath(llvm::StringRef library);

/// Told what is going on and how much of it all is done, from 0 to 1.
using Report = llvm::function_ref<void(llvm::StringRef work, double done)>;

/// Writes the program (or the library and its header) `link.output`: code,
/// weights, tokenizer and runtime. Returns its size. On an error nothing is
/// left.
llvm::Expected<uint64_t> emitProgram(const ProgramParts &parts,
                                     const LinkOptions &link, Report report,
                                     Warn warn);

/// The text of the machine code in that program.
llvm::Expected<std::string> emitAssembly(const ProgramParts &parts);

} // namespace quipu

#endif // QUIPU_COMPILER_EMITPROGRAM_H
