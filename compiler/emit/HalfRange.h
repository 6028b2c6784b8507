//===- HalfRange.h - Weights that f16 cannot hold ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_HALFRANGE_H
#define QUIPU_COMPILER_EMIT_HALFRANGE_H

#include "weights/FragmentLayout.h"
#include <optional>

namespace quipu {

/// A number of a matrix that becomes infinite in f16.
struct TooLarge {
  int64_t row, column;
  double number;
};

/// Looks for one in a tile of a matrix: `rows` are all of the matrix's as in
/// the checkpoint, `packed` is the tile. What is infinite or no number in a
/// checkpoint's F16 stays what it is.
std::optional<TooLarge> findTooLarge(const FragmentLayout &layout,
                                     const uint8_t *rows, int64_t tile,
                                     const uint8_t *packed);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_HALFRANGE_H
