//===- Help.h - What quipu --help prints ------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_HELP_H
#define QUIPU_COMPILER_TOOLS_HELP_H

#include "llvm/Support/raw_ostream.h"

namespace quipu {

/// The stages below a heading, for the help.
void printStages(llvm::raw_ostream &os);
/// The stages as a table in Markdown.
void printStageTable(llvm::raw_ostream &os);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_HELP_H
