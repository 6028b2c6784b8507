//===- Files.h - Where quipu writes -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TOOLS_FILES_H
#define QUIPU_COMPILER_TOOLS_FILES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <utility>

namespace quipu {

/// Writes the whole file at `path` ("-" is standard output) or leaves what was
/// there.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<llvm::Error(llvm::raw_ostream &)> to);

/// A folder where compiled kernels stay from one run to the next:
/// QUIPU_CACHE_DIR, XDG_CACHE_HOME/quipu or ~/.cache/quipu. One that goes with
/// this object when none of them can be written.
class CacheFolder {
public:
  static llvm::Expected<CacheFolder> open();
  CacheFolder(CacheFolder &&other)
      : path(std::move(other.path)),
        temporary(std::exchange(other.temporary, false)) {}
  ~CacheFolder();

  llvm::StringRef getPath() const { return path; }

private:
  CacheFolder(std::string path, bool temporary)
      : path(std::move(path)), temporary(temporary) {}

  std::string path;
  bool temporary;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TOOLS_FILES_H
