//===- QuipuLayers.cpp - The layers as a loop -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Quipu.h"

using namespace mlir;
using namespace quipu;

static YieldOp getYield(LayersOp layers) {
  return cast<YieldOp>(layers.getBody().front().getTerminator());
}

//===----------------------------------------------------------------------===//
// LoopLikeOpInterface
//===----------------------------------------------------------------------===//

SmallVector<Region *> LayersOp::getLoopRegions() { return {&getBody()}; }

MutableArrayRef<OpOperand> LayersOp::getInitsMutable() {
  return getInitMutable();
}

Block::BlockArgListType LayersOp::getRegionIterArgs() {
  return getBody().getArguments();
}

std::optional<MutableArrayRef<OpOperand>> LayersOp::getYieldedValuesMutable() {
  return getYield(*this).getValuesMutable();
}

std::optional<ResultRange> LayersOp::getLoopResults() {
  return getOperation()->getResults();
}

std::optional<APInt> LayersOp::getStaticTripCount() {
  auto count = dyn_cast<IntegerAttr>(getCount());
  return count ? std::optional(count.getValue()) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// RegionBranchOpInterface
//===----------------------------------------------------------------------===//

OperandRange LayersOp::getEntrySuccessorOperands(RegionSuccessor) {
  return getOperation()->getOperands();
}

/// There is at least one layer: from outside the body comes first.
void LayersOp::getSuccessorRegions(RegionBranchPoint from,
                                   SmallVectorImpl<RegionSuccessor> &regions) {
  regions.emplace_back(&getBody(), getBody().getArguments());
  if (!from.isParent())
    regions.emplace_back(getOperation(), getOperation()->getResults());
}
