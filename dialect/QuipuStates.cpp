//===- QuipuStates.cpp - Entries, states and their users ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/KvLayout.h"
#include "dialect/States.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace quipu;

/// A page of so many numbers for each position can still be indexed.
static constexpr int64_t maxPlace = INT32_MAX / abi::pagePositions;

LogicalResult HeadOp::verify() {
  if (getBody().front().getNumArguments() != 1)
    return emitOpError("C1: a head takes the hidden states and nothing else");
  return success();
}

/// In numbers of one position, for pages; of the layers that it keeps.
static int64_t getLayerPlace(StateOp state, int64_t layer) {
  return int64_t(state.getOffset().value_or(0)) +
         int64_t(state.getStride().value_or(0)) * layer;
}

LogicalResult StateOp::verify() {
  bool isPaged = bool(getPages());
  for (IntegerAttr count : {getLayersAttr(), getWindowAttr()})
    if (count &&
        (!isPaged || count.getInt() <= 0 || count.getInt() > INT32_MAX))
      return emitOpError("C1: ")
             << count.getInt() << " layers or a window of as many positions: "
             << "pages have them, and a positive number";
  auto row = dyn_cast<RankedTensorType>(getType());
  if (!isPaged && (!row || row.getRank() != 1 || !row.hasStaticShape() ||
                   !row.getElementType().isF32()))
    return emitOpError("C2: the state is ")
           << getType() << ", neither pages nor a vector of f32";
  for (IntegerAttr place : {getPoolAttr(), getOffsetAttr(), getStrideAttr()})
    if (place && (place.getInt() < 0 || place.getInt() >= maxPlace))
      return emitOpError("C3: ")
             << place.getInt() << " is negative or no place in a page";
  if (isPaged &&
      getLayerPlace(*this, getKeptLayers() - 1) + getPages().getNumbers() >
          maxPlace)
    return emitOpError("C3: the last of ")
           << getKeptLayers() << " layers ends behind the page";
  if (getPresent() && (!getLayers() || getPresent()->getLayers().back() >=
                                           int64_t(*getLayers())))
    return emitOpError("C4: of ") << getLayers().value_or(1)
                                  << " layers it is for " << getPresentAttr();
  return success();
}

LogicalResult EntryOp::verify() {
  if (getOutputs().empty())
    return emitOpError("C3: there is no output");
  llvm::StringSet<> names;
  for (PortAttr port : llvm::concat<const PortAttr>(
           llvm::to_vector(getInputs().getAsRange<PortAttr>()),
           llvm::to_vector(getOutputs().getAsRange<PortAttr>())))
    if (!names.insert(port.getName().getValue()).second)
      return emitOpError("C2: the name ")
             << port.getName() << " is there twice";
  return success();
}

LogicalResult EntryOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getSteps())
    return success();
  for (auto name : getSteps()->getAsRange<FlatSymbolRefAttr>())
    if (!symbols.lookupNearestSymbolFrom<StepOp>(*this, name))
      return emitOpError("C1: there is no step ") << name;
  return success();
}

/// The state that a bound op names, or null after an error.
static StateOp lookUpState(Operation *op, FlatSymbolRefAttr name,
                           SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(op, name);
  if (!state)
    op->emitOpError("C2: there is no state ") << name;
  return state;
}

LogicalResult CacheWriteOp::verifyState(SymbolTableCollection &symbols) {
  auto cache = dyn_cast<CacheType>(getResult().getType());
  if (!getStateAttr() || !cache)
    return success();
  StateOp state = lookUpState(*this, getStateAttr(), symbols);
  if (!state)
    return failure();
  if (cache.getState() != getStateAttr() || state.getType() != cache.getPages())
    return emitOpError("C2: the state ")
           << getStateAttr() << " is " << state.getType() << ", but the cache "
           << cache;
  return success();
}

LogicalResult PoolOp::verifyState(SymbolTableCollection &symbols) {
  auto type = dyn_cast<RankedTensorType>(getResult().getType());
  if (!getStateAttr() || !type)
    return success();
  StateOp state = lookUpState(*this, getStateAttr(), symbols);
  if (!state)
    return failure();
  if (state.getType() != RankedTensorType::get(type.getShape().drop_front(),
                                               type.getElementType()))
    return emitOpError("C2: the state ")
           << getStateAttr() << " is " << state.getType() << ", but a row of "
           << type;
  return success();
}

SmallVector<StatePool> quipu::getPools(ModelOp model) {
  SmallVector<StatePool> pools;
  for (StateOp state : model.getOps<StateOp>()) {
    PagesType pages = state.getPages();
    if (!pages || !state.getPool())
      continue;
    pools.resize(std::max<size_t>(pools.size(), *state.getPool() + 1));
    StatePool &pool = pools[*state.getPool()];
    pool.window = state.getWindow().value_or(0);
    int64_t last = state.getKeptLayers() - 1;
    pool.numbers =
        std::max(pool.numbers, getLayerPlace(state, last) + pages.getNumbers());
  }
  return pools;
}

SmallVector<int64_t> quipu::getLayerNumbers(StateOp state) {
  SmallVector<int64_t> numbers;
  if (!state.getPresent())
    return numbers;
  ArrayRef<int64_t> kept = state.getPresent()->getLayers();
  for (int64_t layer : llvm::seq<int64_t>(state.getLayers().value_or(1)))
    numbers.push_back(llvm::lower_bound(kept, layer) - kept.begin());
  return numbers;
}

int64_t quipu::getPageNumbers(StateOp state) {
  return getPools(state->getParentOfType<ModelOp>())[*state.getPool()].numbers;
}

/// That the layers of a pool's states lie apart, and lose their pages together.
static LogicalResult verifyPool(ArrayRef<StateOp> states) {
  StateOp first = states.front();
  SmallVector<std::pair<int64_t, StateOp>> layers; // by where they begin
  for (StateOp state : states) {
    if (state.getWindow() != first.getWindow())
      return state.emitOpError("is in the pool of @")
             << first.getSymName()
             << ", which has another window; run assign-state-offsets first";
    for (int64_t layer : llvm::seq<int64_t>(state.getKeptLayers()))
      layers.emplace_back(getLayerPlace(state, layer), state);
  }
  llvm::sort(layers, llvm::less_first());
  for (auto [before, after] : llvm::zip(layers, llvm::drop_begin(layers)))
    if (before.first + before.second.getPages().getNumbers() > after.first)
      return after.second.emitOpError("has a layer at ")
             << after.first << " of a page, where a layer of @"
             << before.second.getSymName()
             << " has not ended; run assign-state-offsets first";
  return success();
}

LogicalResult quipu::verifyPlaces(ModelOp model) {
  llvm::MapVector<int64_t, SmallVector<StateOp>> pools;
  int64_t rows = 0;
  for (StateOp state : model.getOps<StateOp>()) {
    if (!state.getPool())
      return state.emitOpError("has no offset; run assign-state-offsets first");
    if (state.getPages())
      pools[*state.getPool()].push_back(state);
    else if (int64_t(*state.getPool()) != rows++)
      return state.emitOpError("is row ")
             << *state.getPool() << ", expected " << rows - 1
             << "; run assign-state-offsets first";
  }
  return success(llvm::all_of(
      pools, [](auto &pool) { return succeeded(verifyPool(pool.second)); }));
}

SmallVector<StateOp> quipu::getRowStates(ModelOp model) {
  SmallVector<StateOp> rows(
      llvm::make_filter_range(model.getOps<StateOp>(), [](StateOp state) {
        return !state.getPages() && state.getPool();
      }));
  llvm::sort(rows,
             [](StateOp a, StateOp b) { return *a.getPool() < *b.getPool(); });
  return rows;
}

StateOp quipu::findState(Operation *op, FlatSymbolRefAttr name) {
  auto model = op->getParentOfType<ModelOp>();
  return model ? model.lookupSymbol<StateOp>(name) : StateOp();
}
