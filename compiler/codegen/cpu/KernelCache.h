//===- KernelCache.h - Compiled kernels on disk -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H
#define QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <string>

namespace quipu::cpu {

/// Files `<key>.bc` in a folder, where the key is a hash of all that the
/// bitcode depends on.
class KernelCache {
public:
  explicit KernelCache(llvm::StringRef folder) : folder(folder) {}

  static std::string getKey(llvm::StringRef description);
  /// Makes the file unless it is there, under a temporary name first: several
  /// compilers may share the folder.
  llvm::Error
  add(llvm::StringRef key,
      llvm::function_ref<llvm::Expected<std::string>()> compile) const;

private:
  std::string folder;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_KERNELCACHE_H
