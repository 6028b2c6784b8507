//===- ReadModule.h - Parses a spec or a stage's file -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_READMODULE_H
#define QUIPU_COMPILER_FRONTEND_READMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "support/InputText.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

namespace quipu {

/// A text file of `most` bytes at most, for `sourceManager`.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
openText(llvm::StringRef path, size_t most = maxTextBytes);

/// Parses the buffer that `sourceManager` holds. Every value remembers its name
/// in the text by a NameLoc, which `OpPrintingFlags::printNameLocAsPrefix`
/// prints again. Null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> readModule(llvm::SourceMgr &sourceManager,
                                             mlir::MLIRContext *context);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_READMODULE_H
