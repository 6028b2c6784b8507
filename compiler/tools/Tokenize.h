//===- Tokenize.h - Try a tokenizer without a model -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_TOKENIZE_H
#define QUIPU_COMPILER_TOOLS_TOKENIZE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

namespace quipu {

/// Prints the ids of each line of standard input, by the tokenizer of `path`: a
/// tokenizer.json, a folder with one, or a GGUF file. Errors have been printed.
llvm::LogicalResult tokenize(llvm::StringRef path);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_TOKENIZE_H
