//===- CheckGrammar.h - Try a grammar without a model -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_CHECKGRAMMAR_H
#define QUIPU_COMPILER_TOOLS_CHECKGRAMMAR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

namespace quipu {

/// Says whether a text fits a grammar or a JSON Schema, or prints what it is in
/// GBNF. The first argument is the command itself.
llvm::LogicalResult checkGrammar(llvm::ArrayRef<const char *> arguments);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_CHECKGRAMMAR_H
