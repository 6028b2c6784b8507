//===- MappedFile.h - Files of a checkpoint in memory -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_MAPPEDFILE_H
#define QUIPU_COMPILER_FRONTEND_MAPPEDFILE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace quipu {

/// Maps the regular file at `path`, which is `expected` ("a GGUF file") in
/// messages; the buffer's identifier is the path.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mapFile(llvm::StringRef path, llvm::StringRef expected);

/// The same for a file of `folder`, and not of another one by a link: links may
/// lead to the blobs of a hub's cache only (models--NAME/snapshots/HASH/FILE to
/// models--NAME/blobs).
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mapFileOf(llvm::StringRef folder, llvm::StringRef name,
          llvm::StringRef expected);

/// Forgets what was read of a mapped file; it may be read again.
void releaseMemory(const llvm::MemoryBuffer &file);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_MAPPEDFILE_H
