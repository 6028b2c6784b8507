//===- Render.h - quipu render ----------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_RENDER_H
#define QUIPU_COMPILER_TOOLS_RENDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

namespace quipu {

/// Prints what a chat template makes of messages, or what is wrong. The first
/// argument is the command itself.
llvm::LogicalResult render(llvm::ArrayRef<const char *> arguments);

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_RENDER_H
