//===- PackedLayout.h - Sizes of packed weights and rows --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_PACKEDLAYOUT_H
#define QUIPU_DIALECT_PACKEDLAYOUT_H

#include "dialect/Quipu.h"
#include "weights/FragmentLayout.h"
#include "weights/WeightLayout.h"

namespace quipu {

/// Packed weights and rows of activations begin at multiples of this.
inline constexpr int64_t packedAlignment = 64;

/// The matrices of a stack; 1 for what is none.
int64_t getMatrices(mlir::RankedTensorType weight);

/// What `#quipu.rows16` makes of a weight matrix, or of each in a stack, of a
/// mix in its first format; none when it is no matrix of a storage format.
std::optional<WeightLayout> getWeightLayout(mlir::RankedTensorType weight);

/// What `#quipu.fragments` makes of it; none when it is no such matrix.
std::optional<FragmentLayout> getFragmentLayout(mlir::RankedTensorType weight);
bool isFragmentMatrix(mlir::RankedTensorType weight);

/// The layout of vectors, and that of matrices whose rows are interleaved; null
/// for what is neither.
LayoutAttrInterface chooseRowsLayout(mlir::RankedTensorType weight);

/// Bytes from one token's row of an activation to the next. In a row of
/// [chosen, n] each choice has as many.
int64_t getRowBytes(mlir::RankedTensorType activation);

/// Whether the activation lies in panels in a GPU's memory: in f16 for more
/// tokens than `#quipu.gpu_gemv` is for. They are those of weights
/// (weights/FragmentLayout.h), one behind the other for all tokens:
///
///   [columns / 64][tokens, padded to 8][8 chunks], chunk c of row r at
///   c ^ r % 8
///
/// so that 64 columns of consecutive tokens are one piece of memory. Others are
/// rows, one behind the other.
bool hasPanels(mlir::RankedTensorType activation);
/// From a panel of all tokens to the next.
int64_t getPanelBytes(mlir::RankedTensorType activation);

/// Bytes of an activation in the arena: panels, or rows for a multiple of
/// `tileRows` tokens, as a kernel may compute a few more than are selected.
int64_t getArenaBytes(mlir::RankedTensorType activation);

} // namespace quipu

#endif // QUIPU_DIALECT_PACKEDLAYOUT_H
