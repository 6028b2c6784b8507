//===- Files.h - Where compiled kernels stay --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_FILES_H
#define QUIPU_COMPILER_TOOLS_FILES_H

#include "support/TemporaryFiles.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quipu {

/// A folder where compiled kernels stay from one run to the next:
/// QUIPU_CACHE_DIR, XDG_CACHE_HOME/quipu or ~/.cache/quipu. One that goes with
/// this object when none of them can be written.
class CacheFolder {
public:
  static llvm::Expected<CacheFolder> open();

  const std::string &getPath() const { return path; }

private:
  std::string path;
  TemporaryFolder temporary;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_FILES_H
