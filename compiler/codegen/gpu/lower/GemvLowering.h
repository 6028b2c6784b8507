//===- GemvLowering.h - Linear layers of few tokens on a GPU ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes units in turn: tiles of 8 rows of the weights that some columns
// of an output need. Pairs of tiles are operand A of the tensor cores, 16 rows,
// and tokens operand B. Sixteen warps multiply segments of 256 columns of a
// pair; the segments' sums meet in shared memory, where threads add them up and
// compute the output's numbers. One more warp copies slots of weights ahead
// into a ring, before what the kernel depends on is there.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVLOWERING_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVLOWERING_H

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/lower/GemvPlan.h"

namespace quipu::gpu {

class GemvLowering : public KernelLowering, GemvPlan {
public:
  using KernelLowering::KernelLowering;
  mlir::LogicalResult emit() final;

private:
  using Value = mlir::Value;

  mlir::LogicalResult emitWorkers(Value block);
  void emitInput(Elements &elements);
  void copyInput();
  /// Visits the pairs of tiles of a unit, by the number of the first, whichever
  /// output it is for; `slots` counts the pairs of slots before.
  Value walk(Value unit, Value slots,
             llvm::function_ref<Value(const GemvUnits &, int64_t, Value, Value)>
                 visit);
  /// The tile of the weight, for a unit's number among those of its output.
  Value getTile(const GemvUnits &units, const GemvTile &tile, Value unit);
  /// The first byte of that tile.
  Value getTileAt(const GemvUnits &units, const GemvTile &tile, Value unit);

  // The ring, GemvRing.cpp.
  void initBarriers();
  void emitProducer(Value block);
  void copyVectors();
  void copySlot(const GemvUnits &units, const GemvTile &tile, Value unit,
                Value slot, Value number);
  void waitForVectors(Elements &elements);
  Value waitForSlot(Value number);
  void freeSlots(Value first);
  Value getBarrier(Value place, bool isEmpty);

  // Products, GemvProducts.cpp.
  /// The slots of a pair; those that are this warp's it multiplies.
  Value multiply(llvm::ArrayRef<GemvTile> pair, llvm::ArrayRef<Value> tilesAt,
                 Value sums, Value taken);
  void emitSegment(llvm::ArrayRef<GemvTile> pair, llvm::ArrayRef<Value> slotsAt,
                   Value slot, Value sums);
  Values multiplyBlocks(llvm::ArrayRef<FragmentCodes> codes,
                        llvm::ArrayRef<FragmentAddress> addresses,
                        Value segment, int64_t blocks);
  FragmentAddress getSegment(LinearOp linear, Value slotAt, Value slot);
  Values loadInput(Value block32, int64_t firstToken);
  void holdInput();

  // Outputs, GemvOutputs.cpp.
  /// An output of this thread, if `isThere`.
  struct OutputPlace {
    Value isThere;
    Value unitInBatch, token, column;
  };
  OutputPlace getOutputPlace(const GemvUnits &units, Value firstUnit);
  Value getColumn(const GemvUnits &units, Value unit, Value column);
  /// What the linear layers' numbers are: zeros where the place has no unit.
  void setProducts(Elements &elements, const GemvUnits &units,
                   Value unitInBatch);
  Value addSegments(Value tile, Value token, Value row);
  /// What the outputs of a batch need besides products, for each of `units`.
  llvm::SmallVector<Values> loadAhead(Elements &elements, Value firstUnit);
  mlir::LogicalResult emitOutputs(Elements &elements, Value firstUnit,
                                  llvm::ArrayRef<Values> loaded);

  void syncWorkers() { b.syncThreads(workersBarrier, workerThreads); }

  Value shared, thread, lane, warp, count;
  llvm::SmallVector<Values, 8> heldInput; // see holdInput
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_GEMVLOWERING_H
