//===- Checksum.h - Whether parts of an index are whole ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_CHECKSUM_H
#define QUIPU_RUNTIME_INDEX_CHECKSUM_H

#include "runtime/index/IndexFormat.h"

namespace quipu {

/// Of blocks of 64 bytes: Fletcher's two sums in eight lanes of 64 bits, joined
/// by factors, those of the first sums odd and those of the second even, so
/// that a change within one word always changes the result.
uint64_t checksumOf(const void *bytes, uint64_t size);

/// How many of `count` rows come before the first that has another checksum
/// than its passage says; `count` if there is none. Nearly as fast as the bytes
/// come, as a search looks at every row.
uint64_t countWhole(const void *rows, uint64_t rowBytes,
                    const IndexedPassage *passages, uint64_t count);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_CHECKSUM_H
