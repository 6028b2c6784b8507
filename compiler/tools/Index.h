//===- Index.h - quipu index ------------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_INDEX_H
#define QUIPU_COMPILER_TOOLS_INDEX_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

namespace quipu {

/// Lets a program that makes vectors of texts index a folder. The first
/// argument is the command itself. Errors have been printed.
llvm::LogicalResult index(llvm::ArrayRef<const char *> arguments);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_INDEX_H
