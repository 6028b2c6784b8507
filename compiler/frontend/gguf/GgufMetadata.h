//===- GgufMetadata.h - The key-value section of a GGUF file ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GGUF_GGUFMETADATA_H
#define QUIPU_COMPILER_FRONTEND_GGUF_GGUFMETADATA_H

#include "compiler/frontend/ByteReader.h"
#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/MapVector.h"

namespace quipu {

/// Keys and values in the order of the file.
using GgufMetadata = llvm::MapVector<llvm::StringRef, MetadataValue>;

/// Bytes of the smallest key-value pair: a key of one byte and a bool.
inline constexpr uint64_t ggufMinimumPairBytes = 8 + 1 + 4 + 1;

/// Reads `count` key-value pairs from where the reader stands.
llvm::Expected<GgufMetadata> readGgufMetadata(ByteReader &reader,
                                              uint64_t count);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GGUF_GGUFMETADATA_H
