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

/// Shared memory for the tokens' rows, where there is as much.
static constexpr int64_t maxInputBytes = 136 << 10;
/// Each thing in shared memory begins at a multiple of these bytes.
static constexpr int64_t placeBytes = 128;
/// The barriers of the longest ring, and that of the vectors.
static constexpr int64_t ringBarrierBytes = 2 * 64 * 8;
static constexpr int64_t barrierBytes = ringBarrierBytes + placeBytes;
/// Shared memory for sums of segments.
static constexpr int64_t maxSumBytes = 32 << 10;

/// Bytes of weights on their way to a block: what keeps the memory of a large
/// GPU busy, and half of it while the block waits for the kernel before, so
/// that the tokens' rows do not stand in a long queue.
static constexpr int64_t maxBytesInFlight = 64 << 10;

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
  unitColumns = std::max(unitColumns, added.columns());
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
    isConverted |=
        getFragmentLayout(linear.getWeight().getType())->codes().hasScales();
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
    end += llvm::alignTo(bytes, placeBytes);
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
  batch = std::min(
      batch, std::max<int64_t>(1, workerThreads / (tokens * unitColumns)));
  // Several rows that leave no room for a ring of weights stay where they are.
  int64_t scratchBytes =
      llvm::alignTo(Elements::getScratchBytes(ops), placeBytes);
  int64_t needed = perBlock * tilesOfUnit * tileSlots;
  int64_t leastRing =
      gpu.hasBulkCopies() ? std::min(needed, slotsMultiple) * slotBytes : 0;
  int64_t room = maxSharedBytes(gpu) - batch * unitSums - scratchBytes -
                 barrierBytes - leastRing;
  isInputShared = tokens == 1 || !isa<BlockArgument>(input) ||
                  columns != getElementsPerToken(inputType) ||
                  tokens * inputRowBytes <= std::min(maxInputBytes, room);
  inputAt = place(isInputShared ? tokens * inputRowBytes : 0);
  sumsAt = place(batch * unitSums);
  scratchAt = place(scratchBytes);
  barriersAt = place(ringBarrierBytes);
  vectorBarrierAt = place(8);
  if (gpu.hasBulkCopies() && isInputShared)
    for (Operation *op : ops)
      if (auto norm = dyn_cast<NormInterface>(op))
        for (std::optional<WeightAttr> vector :
             {norm.getWeight(), norm.getBias()}) {
          if (!vector)
            continue;
          vectors.push_back({*vector, end});
          place(vectors.back().bytes());
          // Copies are of 16 bytes.
          if (vectors.back().bytes() % 16)
            vectors.pop_back();
        }
  int64_t left = maxSharedBytes(gpu) - end;
  slots = gpu.hasBulkCopies()
              ? std::clamp<int64_t>(left / slotBytes, 0, schedule.getSlots())
              : 0;
  // A ring that is filled once leaves room for the next kernel's blocks.
  slots = slots < needed ? slots / slotsMultiple * slotsMultiple : needed;
  // The ring's warp copies the vectors.
  if (!slots)
    vectors.clear();
  auto getInFlight = [&](int64_t bytes) {
    return std::min(slots, std::max<int64_t>(1, bytes / slotBytes));
  };
  slotsInFlight = getInFlight(maxBytesInFlight);
  firstInFlight = getInFlight(maxBytesInFlight / 2);
  ringAt = place(slots * slotBytes);
  sharedBytes = end;
}

/// Whether outputs are computed without branches, out of which nothing that is
/// loaded would come.
bool GemvPlan::canLoadAhead() const {
  return llvm::none_of(ops, [](Operation *op) {
    if (isa<ConcatOp>(op))
      return true;
    auto rope = dyn_cast<RopeOp>(op);
    return rope &&
           2 * cast<RankedTensorType>(rope.getAngles().getType())
                       .getDimSize(1) !=
               cast<RankedTensorType>(rope.getInput().getType()).getDimSize(2);
  });
}

LogicalResult GemvPlan::plan(KernelOp kernel, GpuAttr gpu) {
  ops = llvm::to_vector(
      llvm::make_pointer_range(kernel.getBody().front().without_terminator()));
  if (failed(findUnits(kernel)))
    return failure();
  layOut(kernel, gpu);
  // Rows that stay in memory take registers on their way.
  loadsAhead = isInputShared && canLoadAhead();
  copiesInput = isa<BlockArgument>(input) &&
                inputType.getElementType().isF16() &&
                getElementsPerToken(inputType) % 8 == 0;
  holdsInput = isConverted && tokens <= 8 && groups % tileSlots == 0 &&
               columns == tileSlots * FragmentLayout::slotColumns;
  return success();
}
