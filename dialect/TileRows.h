//===- TileRows.h - Rows that are interleaved -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_TILEROWS_H
#define QUIPU_DIALECT_TILEROWS_H

#include <cstdint>

namespace quipu {

/// Rows of a weight matrix that lie interleaved, one vector lane each.
inline constexpr int64_t tileRows = 16;

} // namespace quipu

#endif // QUIPU_DIALECT_TILEROWS_H
