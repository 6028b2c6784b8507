//===- Descriptors.h - Reading and writing file descriptors -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_DESCRIPTORS_H
#define QUIPU_SUPPORT_DESCRIPTORS_H

#include <cstddef>
#include <string_view>
#include <sys/types.h>

namespace quipu {

/// Reads what is there, up to `size` bytes; waits if there is nothing, also
/// where someone else has made the file non-blocking. 0 at the end, -1 after an
/// error that errno tells.
ssize_t readSome(int file, char *to, size_t size);

/// Writes all of it, waiting in the same way; returns what errno says, or 0.
int writeAll(int file, std::string_view bytes);

} // namespace quipu

#endif // QUIPU_SUPPORT_DESCRIPTORS_H
