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

/// Where a block of 32 columns of a tile begins: its numbers, and the scale and
/// the minimum of row 0 in its first group, where the format has these. Of
/// numbers of 16 bits it is the first block of a panel.
struct FragmentAddress {
  mlir::Value codes, scales, minima;
};

/// The four pairs of blocks of 32 columns that the lane holds, as
/// weights/FragmentLayout.h numbers them. Numbers of block formats are rounded
/// once, when they are multiplied by their scale.
class FragmentBlocks {
public:
  /// Scales are loaded first: in shared memory, where `columns` are a whole
  /// segment, those of eight groups by one instruction.
  FragmentBlocks(DeviceBuilder &b, const FragmentCodes &codes,
                 const FragmentAddress &first, int64_t columns,
                 mlir::Value lane, bool isShared);

  /// The four pairs of a block.
  Values get(int64_t block);

private:
  /// Of all groups, twice each.
  Values loadScales(mlir::Value at);
  Values loadPanel(int64_t block);

  DeviceBuilder &b;
  FragmentCodes codes;
  FragmentAddress first;
  int64_t columns;
  mlir::Value lane;
  bool isShared;
  mlir::Value place; // of what the lane reads in the first block
  Values scales, minima;
};

/// Where segment `segment` of the slot at `slotAt`, number `slot` of its tile,
/// begins.
FragmentAddress getSegmentAddress(DeviceBuilder &b,
                                  const FragmentLayout &layout,
                                  mlir::Value slotAt, mlir::Value slot,
                                  mlir::Value segment);

/// Products of `blocks` blocks of two tiles with 8 rows for each of `chains`: a
/// chain from zero, in f32. Of the four numbers of a chain the first two are of
/// the first tile's row lane / 4 and rows 2 * (lane % 4) and the next. `load`
/// gives what a lane has of 8 rows for a block: the pairs of row lane / 4.
Values multiplyFragments(
    DeviceBuilder &b, llvm::ArrayRef<FragmentCodes> codes,
    llvm::ArrayRef<FragmentAddress> addresses, int64_t blocks, int64_t chains,
    mlir::Value lane, bool isShared,
    llvm::function_ref<Values(int64_t block, int64_t chain)> load);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_FRAGMENTS_H
