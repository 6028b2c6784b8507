//===- ByteSpan.h - A part of a text ----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_BYTESPAN_H
#define QUIPU_SUPPORT_BYTESPAN_H

#include <cstddef>

namespace quipu {

/// The bytes of a text from `begin` to before `end`.
struct ByteSpan {
  size_t begin, end;
};

} // namespace quipu

#endif // QUIPU_SUPPORT_BYTESPAN_H
