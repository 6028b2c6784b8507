//===- QuipuLayers.cpp - The layers as a loop -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/LayerSets.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;

static YieldOp getYield(Block *body) {
  return cast<YieldOp>(body->getTerminator());
}

//===----------------------------------------------------------------------===//
// Sets of layers
//===----------------------------------------------------------------------===//

LogicalResult ParamOp::verify() {
  if (!getKey() && (!getFallback() || getCases() || getPlace()))
    return emitOpError(
        "C1: there is no key and no value, or cases or a place of "
        "no key");
  if (getCases() && getPlace())
    return emitOpError("C1: there are cases and a place in a list");
  if (getPlaceAttr() && getPlaceAttr().getInt() < 0)
    return emitOpError("C2: at ")
           << getPlaceAttr().getInt() << " there is no number";
  return success();
}

LogicalResult LayerSetOp::verify() {
  auto isList = llvm::IsaPred<WhereAttr>;
  if (getRules().empty() ||
      !llvm::all_of(getRules().getValue().drop_back(), isList))
    return emitOpError("C1: a rule behind one that always applies, or none");
  auto check = [&](Attribute number, int64_t least) {
    auto integer = dyn_cast<IntegerAttr>(number);
    return integer && integer.getInt() < least;
  };
  Attribute last = getRules().getValue().back();
  auto every = dyn_cast<EveryAttr>(last);
  auto below = dyn_cast<BelowAttr>(last);
  if ((every && (check(every.getStep(), 1) || check(every.getFirst(), 0))) ||
      (below && check(below.getCount(), 0)))
    return emitOpError("C2: a step is not positive, or a number negative");
  return success();
}

LogicalResult ChooseOp::verify() {
  if (bool(getSet()) == bool(getParam()) ||
      (getSet() && !(*this)->getParentOfType<LayersOp>()))
    return emitOpError("C1: chooses by ")
           << (getSet() && !getParam()
                   ? "a set of layers, but is not in layers"
                   : "neither or both of a set and a parameter");
  return success();
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

SmallVector<Block *> LayersOp::getBlocks() {
  return llvm::map_to_vector(getBodies(),
                             [](Region &body) { return &body.front(); });
}

SmallVector<int64_t> LayersOp::getLayersOf(Block *body) {
  SmallVector<int64_t> layers;
  int64_t number = body->getParent()->getRegionNumber();
  for (int64_t layer : llvm::seq(cast<IntegerAttr>(getCount()).getInt()))
    if (findAlternative(getOverrideLayersAttr(), layer) == number)
      layers.push_back(layer);
  return layers;
}

/// That the body takes and yields one value of the type.
static bool carries(Block &body, Type type) {
  auto yield = body.empty() ? YieldOp() : dyn_cast<YieldOp>(body.back());
  // A body without its end, or with a value that is gone, is reported as such.
  if (!yield || llvm::is_contained(yield.getValues(), Value()))
    return true;
  return body.getNumArguments() == 1 && body.getArgument(0).getType() == type &&
         yield.getValues().size() == 1 &&
         yield.getValues().front().getType() == type;
}

LogicalResult LayersOp::verify() {
  Type type = getInit().getType();
  if (getResult().getType() != type ||
      !llvm::all_of(getBodies(),
                    [&](Region &body) { return carries(body.front(), type); }))
    return emitOpError("C1: the body does not take and yield one value of ")
           << type;
  auto count = dyn_cast<IntegerAttr>(getCount());
  if (isa<RankedTensorType>(type) ? !count || count.getInt() <= 0
                                  : count && count.getInt() <= 0)
    return emitOpError("C2: the number of layers is ")
           << getCount() << ", expected a positive integer";
  if (count && count.getInt() > maxLayers)
    return emitOpError("C2: the number of layers is ")
           << count.getInt() << ", more than " << maxLayers;
  size_t others = getBodies().size() - 1;
  size_t kinds = getKinds() ? getKinds()->size() : 0;
  size_t sets = getOverrideLayers() ? getOverrideLayers()->size() : 0;
  if (kinds != others || sets != others)
    return emitOpError("C3: ")
           << kinds << " names and " << sets << " sets of layers for " << others
           << " other bodies";
  std::string wrong =
      others ? checkLayerSets(*getOverrideLayers(), count ? count.getInt() : 0)
             : "";
  return wrong.empty() ? success()
                       : LogicalResult(emitOpError("C3: ") << wrong);
}

//===----------------------------------------------------------------------===//
// LoopLikeOpInterface
//===----------------------------------------------------------------------===//

SmallVector<Region *> LayersOp::getLoopRegions() {
  return llvm::map_to_vector(getBodies(), [](Region &body) { return &body; });
}

MutableArrayRef<OpOperand> LayersOp::getInitsMutable() {
  return getInitMutable();
}

/// Of the first body; the others have as many.
Block::BlockArgListType LayersOp::getRegionIterArgs() {
  return getBodies().front().getArguments();
}

std::optional<MutableArrayRef<OpOperand>> LayersOp::getYieldedValuesMutable() {
  return getYield(&getBodies().front().front()).getValuesMutable();
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

/// There is at least one layer: from outside a body comes first.
void LayersOp::getSuccessorRegions(RegionBranchPoint from,
                                   SmallVectorImpl<RegionSuccessor> &regions) {
  for (Region &body : getBodies())
    regions.emplace_back(&body, body.getArguments());
  if (!from.isParent())
    regions.emplace_back(getOperation(), getOperation()->getResults());
}
