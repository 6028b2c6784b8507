//===- RegisterTile.h - What a linear layer keeps in registers --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_REGISTERTILE_H
#define QUIPU_DIALECT_REGISTERTILE_H

#include <cstdint>

namespace quipu {

/// Tokens and tiles of 16 rows that are computed together, and whether block
/// formats are unpacked to a panel in memory, once for all tokens.
struct RegisterTile {
  int64_t tokens = 1, tiles = 1;
  bool panel = false;

  bool operator==(const RegisterTile &) const = default;
};

} // namespace quipu

#endif // QUIPU_DIALECT_REGISTERTILE_H
