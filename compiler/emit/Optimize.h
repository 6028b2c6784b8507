//===- Optimize.h - From the LLVM dialect to machine code -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_OPTIMIZE_H
#define QUIPU_COMPILER_EMIT_OPTIMIZE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace quipu {
struct Target;

/// The functions and constants of stage `llvm` as a module of LLVM, with the
/// bodies of the declarations that have some as `quipu.bitcode`.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateToLLVM(mlir::ModuleOp module, const Target &target,
                llvm::LLVMContext &context);

/// Only the symbol `root` and what it needs stay; kernels' bodies go into their
/// wrappers, and what is there twice is one.
llvm::Error simplify(llvm::Module &module, llvm::StringRef root);

/// Optimises each function for the target that it was translated for, on a
/// machine of the kind of `target`.
void optimize(llvm::Module &module, const Target &target);

enum class MachineOutput { Assembly, Object };

/// Changes the module, which is of no more use then.
llvm::Error emitMachineCode(llvm::Module &module, const Target &target,
                            MachineOutput output, llvm::raw_pwrite_stream &to);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_OPTIMIZE_H
