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

/// The same for consecutive blocks, whose scales are loaded first.
class FragmentBlocks {
public:
  /// `first` is the first block's, its scales and minima those of row 0. In
  /// shared memory, where `columns` are a whole segment, one instruction loads
  /// the scales of eight groups.
  FragmentBlocks(DeviceBuilder &b, const FragmentCodes &codes,
                 const FragmentAddress &first, int64_t columns,
                 mlir::Value lane, bool isShared);

  /// The four pairs of a block.
  Values get(int64_t block);

private:
  /// Of all groups, twice each.
  Values loadScales(mlir::Value at);

  DeviceBuilder &b;
  FragmentCodes codes;
  FragmentAddress first;
  int64_t columns;
  mlir::Value lane;
  bool isShared;
  Values scales, minima;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_FRAGMENTS_H
