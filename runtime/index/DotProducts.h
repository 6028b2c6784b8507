//===- DotProducts.h - A vector by many -------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_DOTPRODUCTS_H
#define QUIPU_RUNTIME_INDEX_DOTPRODUCTS_H

#include <cstdint>

namespace quipu {

/// products[i] = the sum over j < count of row i's number j times query[j], for
/// i < rows. Numbers of rows are f16, `stride` from one row to the next; count
/// and stride are multiples of 32, and both pointers 64-byte aligned. A sum has
/// the same bits on every processor: sixteen partial sums, one for j modulo 16,
/// each in order, without fused products, and joined in halves.
using DotProducts = void (*)(const uint16_t *numbers, int64_t stride,
                             int64_t rows, const float *query, int64_t count,
                             float *products);

/// The fastest that this processor can run; `plain` runs on all of the
/// architecture.
DotProducts chooseDotProducts();
DotProducts plainDotProducts();

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_DOTPRODUCTS_H
