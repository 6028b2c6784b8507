//===- KernelCache.cpp - Compiled kernels on disk --------------
//------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/KernelCache.h"
#include "support/OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu::cpu;

/// A file is this, the number of bytes behind the header (little-endian), their
/// hash, and they.
static constexpr StringLiteral magic = "quipuk1\n";
static constexpr size_t hashBytes = 32;
static constexpr size_t headerBytes = magic.size() + 8 + hashBytes;

static std::string hash(StringRef bytes) {
  BLAKE3 hasher;
  hasher.update(bytes);
  return toStringRef(hasher.final<hashBytes>()).str();
}

KernelCache::KernelCache(StringRef folder) : folder(folder) {
  auto self = MemoryBuffer::getFile("/proc/self/exe", /*IsText=*/false,
                                    /*RequiresNullTerminator=*/false);
  if (self)
    compiler = hash((*self)->getBuffer()) + QUIPU_COMPILER;
  else
    this->folder.clear();
}

std::string KernelCache::getKey(StringRef description) const {
  std::string both = hash(compiler) + description.str();
  return toHex(StringRef(hash(both)).take_front(16), /*LowerCase=*/true);
}

std::string KernelCache::getPath(StringRef key) const {
  SmallString<128> path(folder);
  sys::path::append(path, key + ".kernel");
  return path.str().str();
}

std::optional<std::string> KernelCache::find(StringRef key) const {
  if (folder.empty())
    return std::nullopt;
  auto file = MemoryBuffer::getFile(getPath(key), /*IsText=*/false,
                                    /*RequiresNullTerminator=*/false,
                                    /*IsVolatile=*/true);
  if (!file)
    return std::nullopt;
  StringRef text = (*file)->getBuffer();
  if (text.size() < headerBytes || !text.consume_front(magic))
    return std::nullopt;
  uint64_t size = support::endian::read64le(text.data());
  StringRef expected = text.substr(8, hashBytes);
  StringRef bitcode = text.drop_front(8 + hashBytes);
  if (bitcode.size() != size || hash(bitcode) != expected)
    return std::nullopt;
  return bitcode.str();
}

void KernelCache::add(StringRef key, StringRef bitcode) const {
  if (folder.empty() || sys::fs::create_directories(folder))
    return;
  char size[8];
  support::endian::write64le(size, bitcode.size());
  // What goes wrong costs the next build the time to compile again.
  (void)quipu::writeFile(getPath(key), magic.str() + std::string(size, 8) +
                                           hash(bitcode) + bitcode.str());
}
