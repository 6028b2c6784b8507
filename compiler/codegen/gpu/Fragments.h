//===- Fragments.h - Weights as operands of tensor cores --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_FRAGMENTS_H
#define QUIPU_COMPILER_CODEGEN_GPU_FRAGMENTS_H

#include "compiler/codegen/gpu/DeviceBuilder.h"
#include "weights/FragmentLayout.h"

namespace quipu::gpu {

/// Where a lane finds what it needs of a block of 32 columns: its numbers, and
/// its row's scale and minimum in the block's first group, where the format has
/// these.
struct FragmentAddress {
  mlir::Value codes, scales, minima;
};

/// The four pairs of a block of 32 columns that the lane holds, as
/// weights/FragmentLayout.h numbers them. Numbers of block formats are rounded
/// once, when they are multiplied by their scale.
Values readFragment(DeviceBuilder &b, const FragmentCodes &codes,
                    const FragmentAddress &address);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_FRAGMENTS_H
