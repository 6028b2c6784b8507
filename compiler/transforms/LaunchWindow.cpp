//===- LaunchWindow.cpp - What launches may run together ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/LaunchWindow.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;

/// Where a value lies; none when it is an input of the step.
std::optional<LaunchWindow::Place> LaunchWindow::getPlace(Value value) {
  if (auto cache = dyn_cast<CacheType>(value.getType()))
    return Place{0, 0, cache.getState().getAsOpaquePointer()};
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      value = cast<LayersOp>(argument.getOwner()->getParentOp()).getInit();
    else if (auto layers = value.getDefiningOp<LayersOp>())
      value = layers.getInit();
    else
      break;
  }
  auto launch = value.getDefiningOp<LaunchOp>();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!launch || !type || !launch.getArena())
    return std::nullopt;
  int64_t begin = (*launch.getArena())[cast<OpResult>(value).getResultNumber()];
  if (begin < 0) // an output
    return Place{0, 0, value.getAsOpaquePointer()};
  return Place{begin, begin + getArenaBytes(type), nullptr};
}

SmallVector<LaunchWindow::Access> LaunchWindow::getAccesses(LaunchOp launch) {
  // What all kernels of attention keep of their splits, StepArgs::partials.
  static constexpr char partials = 0;

  SmallVector<Access> accesses;
  for (Value input : launch.getInputs())
    if (std::optional<Place> place = getPlace(input))
      accesses.push_back({launch, *place, /*isWrite=*/false});
  for (Value result : launch.getResults())
    if (std::optional<Place> place = getPlace(result))
      accesses.push_back({launch, *place, /*isWrite=*/true});
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
      launch, launch.getKernelAttr());
  for (Operation &op : kernel.getBody().front()) {
    const void *outside = nullptr;
    if (isa<AttentionOp>(op))
      outside = &partials;
    else if (auto pool = dyn_cast<PoolOp>(op); pool && pool.getStateAttr())
      outside = pool.getStateAttr().getAsOpaquePointer();
    if (outside)
      accesses.push_back({launch, {0, 0, outside}, /*isWrite=*/true});
  }
  return accesses;
}

std::optional<LaunchWindow::Conflict>
LaunchWindow::findConflict(LaunchOp launch) const {
  for (const Access &now : getAccesses(launch))
    for (const Access &before : accesses)
      if ((now.isWrite || before.isWrite) && now.place.meets(before.place))
        return Conflict{before.launch, now.isWrite ? "writes" : "reads",
                        before.isWrite ? "writes" : "reads"};
  return std::nullopt;
}

void LaunchWindow::add(LaunchOp launch) {
  llvm::append_range(accesses, getAccesses(launch));
}

/// Walks the block's launches from `window` on, which is that behind them
/// afterwards.
static LogicalResult verifyBarriers(Block &block, LaunchWindow &window) {
  for (Operation &op : block) {
    if (auto layers = dyn_cast<LayersOp>(op)) {
      // Once behind what is before the loop, and once behind a layer, of
      // whatever kind.
      for (int round = 0; round < 2; ++round) {
        LaunchWindow behind;
        for (Block *body : layers.getBlocks()) {
          LaunchWindow inside = window;
          if (failed(verifyBarriers(*body, inside)))
            return failure();
          behind.add(inside);
        }
        window = behind;
      }
    } else if (isa<BarrierOp>(op)) {
      window.clear();
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      if (auto conflict = window.findConflict(launch)) {
        auto error = launch.emitOpError("of ")
                     << launch.getKernelAttr() << ' ' << conflict->verb
                     << " what " << conflict->other.getKernelAttr() << ' '
                     << conflict->otherVerb
                     << ", and no barrier is between them; run insert-barriers "
                        "first";
        error.attachNote(conflict->other.getLoc())
            << conflict->other.getKernelAttr() << " is launched here";
        return failure();
      }
      window.add(launch);
    }
  }
  return success();
}

LogicalResult quipu::verifyBarriers(StepOp step) {
  LaunchWindow window;
  return ::verifyBarriers(step.getBody().front(), window);
}
