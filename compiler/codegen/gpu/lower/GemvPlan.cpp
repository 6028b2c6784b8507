//===- GemvPlan.cpp - What a kernel for few tokens computes where ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/GemvPlan.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Shared memory for the tokens' rows.
static constexpr int64_t maxInputBytes = 136 << 10;
/// Shared memory for sums of segments.
static constexpr int64_t maxSumBytes = 32 << 10;

/// The linear layers and rotations behind a value.
static void findSources(Value value, SetVector<Operation *> &found) {
  Operation *op = value.getDefiningOp();
  if (!op || !found.insert(op))
    return;
  if (isa<LinearOp>(op))
    return;
  for (Value operand : op->getOperands())
    findSources(operand, found);
}

LogicalResult GemvPlan::addUnits(KernelOp kernel, const Output &output) {
  SetVector<Operation *> sources;
  findSources(output.value, sources);
  GemvUnits added{output, unitCount, 0, {}, 2, 0};
  SmallVector<LinearOp> linears;
  for (Operation *op : sources) {
    if (auto linear = dyn_cast<LinearOp>(op))
      linears.push_back(linear);
    if (auto rope = dyn_cast<RopeOp>(op);
        rope && rope.getPairs() == Pairing::Halves)
      added.distance =
          cast<RankedTensorType>(rope.getAngles().getType()).getDimSize(1);
  }
  if (added.distance % FragmentLayout::tileRows)
    return kernel.emitOpError("turns halves of ")
           << added.distance
           << " components, which a GPU's kernels for few tokens take by 8";
  // A gate and what it gates make a pair.
  if (linears.size() % 2 == 0 && !added.distance)
    added.columnTiles = 1;
  added.count = llvm::divideCeil(output.columns, added.columns());
  int64_t shift =
      added.distance ? added.distance / FragmentLayout::tileRows : 1;
  for (LinearOp linear : linears)
    for (int64_t i = 0; i < added.columnTiles; ++i)
      added.tiles.push_back({linear, i * shift});
  tilesOfUnit = std::max<int64_t>(tilesOfUnit, added.tiles.size());
  unitCount += added.count;
  units.push_back(std::move(added));
  return success();
}

LogicalResult GemvPlan::findUnits(KernelOp kernel) {
  auto linears = kernel.getOps<LinearOp>();
  input = (*linears.begin()).getInput();
  inputType = cast<RankedTensorType>(input.getType());
  tokens = inputType.getDimSize(0);
  FragmentLayout first =
      *getFragmentLayout((*linears.begin()).getWeight().getType());
  columns = first.paddedColumns();
  tileSlots = first.slots();
  segments = llvm::divideCeil(columns, FragmentLayout::segmentColumns);
  for (LinearOp linear : linears) {
    slotBytes =
        std::max(slotBytes,
                 getFragmentLayout(linear.getWeight().getType())->slotBytes(0));
    if (linear.getInput() != input)
      return kernel.emitOpError("has linear layers of several inputs");
  }
  for (const Output &output : getOutputs(kernel))
    if (failed(addUnits(kernel, output)))
      return failure();
  return success();
}

void GemvPlan::layOut(KernelOp kernel, GpuAttr gpu) {
  auto schedule = cast<GpuGemvAttr>(kernel.getScheduleAttr());
  blocks = std::min(schedule.getBlocks(), unitCount);
  int64_t end = 0;
  auto place = [&](int64_t bytes) {
    int64_t at = end;
    end += llvm::alignTo(bytes, 128);
    return at;
  };
  // Rows of a multiple of 128 bytes and 64 more, so that the eight rows that
  // lanes read at once lie in all banks.
  inputRowBytes = llvm::alignTo(columns * 2, 128) + (tokens > 1 ? 64 : 0);
  int64_t tileSums = tokens * FragmentLayout::tileRows * 4;
  int64_t unitSums = tilesOfUnit * segments * tileSums;
  int64_t perBlock = llvm::divideCeil(unitCount, blocks);
  batch = std::clamp<int64_t>(maxSumBytes / unitSums, 1, perBlock);
  // A batch's outputs keep the threads busy once.
  batch = std::min(batch, std::max<int64_t>(1, workerThreads / (tokens * 16)));
  // Several rows that leave no room for weights stay where they are.
  isInputShared = tokens == 1 || columns != getElementsPerToken(inputType) ||
                  tokens * inputRowBytes <= maxInputBytes;
  inputAt = place(isInputShared ? tokens * inputRowBytes : 0);
  sumsAt = place(batch * unitSums);
  totalsAt = place(batch * tilesOfUnit * tileSums);
  scratchAt = place(Elements::getScratchBytes(ops));
  barriersAt = place(2 * 64 * 8);
  int64_t left = maxSharedBytes(gpu) - end;
  slots = gpu.hasBulkCopies()
              ? std::clamp<int64_t>(left / slotBytes, 0, schedule.getSlots()) /
                    slotsMultiple * slotsMultiple
              : 0;
  ringAt = place(slots * slotBytes);
  sharedBytes = end;
}

LogicalResult GemvPlan::plan(KernelOp kernel, GpuAttr gpu) {
  ops = llvm::to_vector(
      llvm::make_pointer_range(kernel.getBody().front().without_terminator()));
  if (failed(findUnits(kernel)))
    return failure();
  layOut(kernel, gpu);
  return success();
}
