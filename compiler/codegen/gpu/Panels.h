//===- Panels.h - Where rows of a matrix lie in memory ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_PANELS_H
#define QUIPU_COMPILER_CODEGEN_GPU_PANELS_H

#include "compiler/codegen/gpu/DeviceBuilder.h"

namespace quipu::gpu {

/// Where a 16-bit number of row `row` lies in its panel of 64 columns, see
/// FragmentCodes::panelOffset; rows are counted from a multiple of 8.
mlir::Value getPlaceInPanel(DeviceBuilder &b, mlir::Value row,
                            mlir::Value column);

/// How the tokens' rows of an activation lie, see dialect/PackedLayout.h.
struct ActivationRows {
  int64_t numberBytes;    // 4, or 2 for f16
  int64_t rowBytes;       // from a row to the next, without panels
  int64_t panelBytes = 0; // from a panel to the next; 0: there are none

  /// From a token's number to the same of the next, for the multiples of 8
  /// tokens that panels' rows turn by.
  int64_t tokenBytes() const;
  /// The address of a number, of the first of some that are a multiple of their
  /// count and at most 8.
  mlir::Value getPlace(DeviceBuilder &b, mlir::Value first, mlir::Value token,
                       mlir::Value column) const;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_PANELS_H
