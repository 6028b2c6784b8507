//===- GemvPlan.h - What a kernel for few tokens computes where -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVPLAN_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVPLAN_H

#include "compiler/codegen/gpu/lower/Elements.h"
#include "weights/FragmentLayout.h"

namespace quipu::gpu {

/// A tile of a unit: of which weight, and how far from the unit's first.
struct GemvTile {
  LinearOp linear;
  int64_t shift; // in tiles
};

/// What a unit is for an output: `count` of them, from number `first` on.
struct GemvUnits {
  Output output;
  int64_t first, count;
  llvm::SmallVector<GemvTile> tiles; // an even number
  /// Tiles that a unit has of each layer: side by side or, where halves of a
  /// head turn together, at such a distance, in columns.
  int64_t columnTiles;
  int64_t distance;

  int64_t columns() const { return columnTiles * FragmentLayout::tileRows; }
};

/// The weight or the bias of a norm of the rows, which the ring's warp copies,
/// too.
struct GemvVector {
  WeightAttr weight;
  int64_t at; // in shared memory

  int64_t bytes() const {
    return weight.getType().getNumElements() * int64_t(sizeof(float));
  }
};

struct GemvPlan {
  /// Warps that multiply; they meet at a named barrier, and those that compute
  /// rows at another.
  static constexpr unsigned workerWarps = 16, workerThreads = 32 * workerWarps;
  static constexpr unsigned workersBarrier = 1, rowsBarrier = 2;
  /// Warps that share the slots of a pair: one for each segment.
  static constexpr int64_t slotWarps =
      FragmentLayout::slotColumns / FragmentLayout::segmentColumns;
  static constexpr int64_t groups = workerWarps / slotWarps;
  /// So a group of warps always takes the same places of the ring.
  static constexpr int64_t slotsMultiple = 2 * groups;

  /// An error when the kernel cannot run so.
  mlir::LogicalResult plan(KernelOp kernel, GpuAttr gpu);

  llvm::SmallVector<GemvUnits> units;
  int64_t unitCount = 0, tilesOfUnit = 1, unitColumns = 0; // the most
  llvm::SmallVector<mlir::Operation *> ops;                // of the kernel
  mlir::Value input; // of all linear layers
  mlir::RankedTensorType inputType;
  int64_t tokens = 1, columns = 0; // columns are padded
  int64_t segments = 0, tileSlots = 0, slots = 0, slotBytes = 0;
  /// Slots that are asked for and have not come: while the ring is filled for
  /// the first time, and later.
  int64_t firstInFlight = 0, slotsInFlight = 0;
  llvm::SmallVector<GemvVector> vectors;
  bool isConverted = false; // weights are not f16 as they lie
  bool loadsAhead = false;  // what outputs need besides products
  /// A warp keeps its part of the rows in registers: it multiplies the same
  /// columns of all tiles.
  bool holdsInput = false;
  int64_t batch = 1, blocks = 1; // units of a block between outputs

  // Offsets in shared memory.
  bool isInputShared = true;
  bool copiesInput = false; // which lies in memory in f16
  int64_t inputAt = 0, inputRowBytes = 0, ringAt = 0, sumsAt = 0, scratchAt = 0,
          barriersAt = 0, vectorBarrierAt = 0, sharedBytes = 0;

private:
  mlir::LogicalResult findUnits(KernelOp kernel);
  mlir::LogicalResult addUnits(KernelOp kernel, const Output &output);
  void layOut(KernelOp kernel, GpuAttr gpu);
  bool canLoadAhead() const;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVPLAN_H
