//===- ProgramTable.h - The constant that describes a program ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_PROGRAMTABLE_H
#define QUIPU_COMPILER_EMIT_PROGRAMTABLE_H

#include "compiler/emit/ProgramParts.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace quipu {
class PackedWeights;

/// The positions that a program keeps by default: those that were asked for, or
/// the checkpoint's when `asked` is 0; an error when they are too many.
llvm::Expected<int64_t> getContext(const Checkpoint &checkpoint, int64_t asked);

/// The name of a function in a program with code for several targets.
std::string getSymbol(llvm::StringRef function, const Target &target);

/// Adds `quipu_program`, an abi::Program, to the translated `module`: its
/// tables are the entries and states of the models in the variants, whose
/// functions have the names of getSymbol if they are several.
llvm::Error addProgramTable(llvm::Module &module, const ProgramParts &parts,
                            const PackedWeights &weights);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_PROGRAMTABLE_H
