//===- EmitProgram.h - From stage `llvm` to the finished file ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_EMITPROGRAM_H
#define QUIPU_COMPILER_LINK_EMITPROGRAM_H

#include "compiler/emit/PackedWeights.h"
#include "compiler/emit/ProgramVariant.h"
#include "compiler/link/LinkProgram.h"
#include "llvm/IR/Module.h"

namespace quipu {

struct EmitOptions {
  /// Positions of a sequence by default; 0 for the checkpoint's.
  int64_t context = 0;
  /// "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0".
  std::string compiler;
};

struct LinkOptions {
  ProgramKind kind = ProgramKind::Executable;
  /// The folder of the runtime's libraries, see findRuntimeFolder.
  std::string runtimeFolder;
  std::string output;
};

/// The optimised code of the variants, with the program table; what
/// emitMachineCode takes. `tokenizer` is a TokenizerImage or empty.
llvm::Expected<std::unique_ptr<llvm::Module>>
buildCode(llvm::ArrayRef<ProgramVariant> variants, const Checkpoint &checkpoint,
          llvm::ArrayRef<uint8_t> tokenizer, const EmitOptions &options,
          llvm::LLVMContext &context);

/// Where the header of a library goes: quipu.h beside it. Empty if it is
/// written to a device or a pipe, which nothing is beside of.
std::string getHeaderPath(llvm::StringRef library);

/// Told what is going on and how much of it all is done, from 0 to 1.
using Report = llvm::function_ref<void(llvm::StringRef work, double done)>;

/// Writes the program (or the library and its header) `link.output`: code,
/// weights, tokenizer and runtime. Returns its size. On an error nothing is
/// left.
llvm::Expected<uint64_t> emitProgram(llvm::ArrayRef<ProgramVariant> variants,
                                     const Checkpoint &checkpoint,
                                     llvm::ArrayRef<uint8_t> tokenizer,
                                     const EmitOptions &options,
                                     const LinkOptions &link, Report report);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_EMITPROGRAM_H
