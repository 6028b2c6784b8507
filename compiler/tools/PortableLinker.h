//===- PortableLinker.h - LLD inside of quipu -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_PORTABLELINKER_H
#define QUIPU_COMPILER_TOOLS_PORTABLELINKER_H

#include "llvm/ADT/ArrayRef.h"

namespace quipu {

/// Whether the program was started as `ld.lld`, the link to it in the folder
/// `toolchain`.
bool isLinker(llvm::ArrayRef<const char *> arguments);

/// LLD's main function for ELF; what the process exits with.
int runLinker(llvm::ArrayRef<const char *> arguments);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_PORTABLELINKER_H
