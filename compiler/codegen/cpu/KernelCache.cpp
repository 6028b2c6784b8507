//===- KernelCache.cpp - Compiled kernels on disk -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/KernelCache.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace quipu::cpu;

std::string KernelCache::getKey(llvm::StringRef description) {
  auto hash = llvm::SHA256::hash(llvm::arrayRefFromStringRef(description));
  return llvm::toHex(llvm::ArrayRef(hash).take_front(16), /*LowerCase=*/true);
}

llvm::Error KernelCache::add(
    llvm::StringRef key,
    llvm::function_ref<llvm::Expected<std::string>()> compile) const {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, key + ".bc");
  if (llvm::sys::fs::exists(path))
    return llvm::Error::success();
  llvm::Expected<std::string> bitcode = compile();
  if (!bitcode)
    return bitcode.takeError();
  if (llvm::Error error =
          llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
            stream << *bitcode;
            return llvm::Error::success();
          }))
    return llvm::createStringError(
        "the kernel cache " + folder +
        " cannot be written: " + llvm::toString(std::move(error)));
  return llvm::Error::success();
}
