//===- Files.h - Where compiled kernels stay --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_FILES_H
#define QUIPU_COMPILER_TOOLS_FILES_H

#include <string>

namespace quipu {

/// The folder where compiled kernels stay from one run to the next:
/// QUIPU_CACHE_DIR, XDG_CACHE_HOME/quipu or ~/.cache/quipu; "" without them.
std::string getCacheFolder();

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_FILES_H
