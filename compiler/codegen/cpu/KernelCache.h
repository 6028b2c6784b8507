//===- KernelCache.h - Compiled kernels on disk ---------------- -*- C++
//-*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H
#define QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace quipu::cpu {

/// Bitcode in files `<key>.kernel` of a folder that several compilers may
/// share. A cache only saves time: what cannot be read, or is not what was
/// written, is not there, and what cannot be written is not kept.
class KernelCache {
public:
  /// The folder is made for the first file; nothing is kept when it is "".
  explicit KernelCache(llvm::StringRef folder);

  /// The key of what this compiler makes of the description. It is a hash of
  /// that, of this program's own file (so of all sources that it is made of)
  /// and of the versions of LLVM and Halide.
  std::string getKey(llvm::StringRef description) const;
  std::optional<std::string> find(llvm::StringRef key) const;
  void add(llvm::StringRef key, llvm::StringRef bitcode) const;

private:
  std::string getPath(llvm::StringRef key) const;

  std::string folder; // none when the compiler cannot be told from others
  std::string compiler;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H
