//===- ReferenceCalls.cpp - Ops as calls of their references --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/reference/ReferenceCalls.h"
#include "abi/Pooling.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "reference/Reference.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace quipu;

//===----------------------------------------------------------------------===//
// One entry per op
//===----------------------------------------------------------------------===//

using Caller = void (*)(ReferenceCalls &, Operation *);

template <typename Op> static std::pair<StringRef, Caller> entry() {
  return {Op::getOperationName(), [](ReferenceCalls &calls, Operation *op) {
            calls.call(cast<Op>(op));
          }};
}

static Caller getCaller(StringRef opName) {
  static const llvm::StringMap<Caller> callers = {
      entry<EmbedOp>(),   entry<GatherOp>(),     entry<LinearOp>(),
      entry<RMSNormOp>(), entry<QuantizeOp>(),   entry<RopeAnglesOp>(),
      entry<RopeOp>(),    entry<CacheWriteOp>(), entry<AttentionOp>(),
      entry<SwiGLUOp>(),  entry<AddOp>(),        entry<MulOp>(),
      entry<ScaleOp>(),   entry<ActivateOp>(),   entry<SoftmaxOp>(),
      entry<PoolOp>(),    entry<L2NormOp>(),     entry<LayerNormOp>(),
      entry<ClampOp>(),   entry<ConcatOp>(),     entry<TopKOp>(),
      entry<SumOp>(),
  };
  return callers.lookup(opName);
}

bool ReferenceCalls::has(StringRef opName) { return getCaller(opName); }

LogicalResult ReferenceCalls::emit(Operation *op) {
  Caller caller = getCaller(op->getName().getStringRef());
  if (!caller)
    return op->emitOpError("has no reference");
  current = op;
  caller(*this, op);
  return failure(failed);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

ReferenceCalls::ReferenceCalls(KernelOp kernel, AbiBuilder &abi, Block *entry)
    : kernel(kernel), abi(abi), args(entry->getArgument(0)),
      layer(entry->getArgument(1)) {
  Value count = abi.getCount(args, kernel.getSelected());
  Value worker = entry->getArgument(2);
  // A sequence's rows are pooled in order.
  std::tie(begin, end) =
      kernel.getBody().getOps<PoolOp>().empty()
          ? abi.getWorkerRange(count, worker, entry->getArgument(3))
          : abi.getFirstWorkerRange(count, worker);
}

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}
static int64_t getElements(Value value) {
  return getElementsPerToken(getTensor(value));
}
static int64_t getLastDim(Value value) {
  return getTensor(value).getShape().back();
}
static reference::RowType getRowType(Value rows) {
  Type element = getTensor(rows).getElementType();
  return isa<I8BlockType>(element) ? reference::I8x32
         : element.isBF16()        ? reference::BF16
         : element.isF16()         ? reference::F16
                                   : reference::F32;
}
static double getNumber(Attribute attribute, double missing) {
  if (auto real = dyn_cast_or_null<FloatAttr>(attribute))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attribute))
    return static_cast<double>(integer.getInt());
  return missing;
}

template <typename Function>
void ReferenceCalls::callFunction(Operation *op,
                                  std::initializer_list<Arguments> arguments,
                                  StringRef suffix) {
  SmallVector<Value> values;
  for (const Arguments &argument : arguments)
    values.append(argument);
  values.append({begin, end});
  if (!failed)
    abi.call<Function>(
        ("quipu_reference_" + op->getName().stripDialect() + suffix).str(),
        values);
}

ReferenceCalls::Arguments ReferenceCalls::getRows(Value rows) {
  return {getPointer(rows), abi.getInt64(getRowBytes(getTensor(rows)))};
}

ReferenceCalls::Arguments ReferenceCalls::getOptionalRows(Value rows) {
  return rows ? getRows(rows) : Arguments{abi.getNull(), abi.getInt64(0)};
}

ReferenceCalls::Arguments ReferenceCalls::getReals(Value rows) {
  if (!getTensor(rows).getElementType().isF32()) {
    current->emitOpError("is computed in f32 only, not with ")
        << rows.getType();
    failed = true;
  }
  return getRows(rows);
}

ReferenceCalls::Arguments
ReferenceCalls::getWeight(std::optional<WeightAttr> weight) {
  if (!weight)
    return {abi.getNull()};
  auto declared = kernel->getParentOfType<ModelOp>().lookupSymbol<WeightOp>(
      weight->getSymbol());
  if (declared && declared.getOffset())
    return {abi.getWeight(args, layer, declared)};
  current->emitOpError("needs the weight ")
      << weight->getName()
      << ", which has no offset; run assign-weight-offsets first";
  failed = true;
  return {};
}

ReferenceCalls::Arguments
ReferenceCalls::getNumbers(std::optional<WeightAttr> weight) {
  Arguments arguments = getWeight(weight);
  arguments.append(getSize(weight ? weight->getType().getNumElements() : 0));
  return arguments;
}

ReferenceCalls::Arguments ReferenceCalls::getMatrix(WeightAttr weight) {
  std::optional<WeightLayout> layout = getWeightLayout(weight.getType());
  if (!layout) {
    current->emitOpError("cannot read weights in ")
        << weight.getType().getElementType();
    failed = true;
    return {};
  }
  Arguments arguments = getWeight(weight);
  arguments.append(getKind(int32_t(layout->format->type)));
  return arguments;
}

ReferenceCalls::Arguments ReferenceCalls::getCache(Value cache) {
  auto type = cast<CacheType>(cache.getType());
  StateOp state = findPlaced(type.getState());
  if (!state)
    return {};
  abi::KvLayout layout = getKvLayout(type);
  return {args,
          abi.getInt64(int64_t(*state.getPool())),
          abi.getInt64(getPageNumbers(state)),
          abi.getPlace(layer, state),
          abi.getInt32(int32_t(layout.type)),
          abi.getInt64(layout.heads),
          abi.getInt64(layout.keyDim),
          abi.getInt64(layout.valueDim),
          abi.getInt32(int32_t(layout.valuesInKeys))};
}

StateOp ReferenceCalls::findPlaced(FlatSymbolRefAttr name) {
  StateOp state = name ? findState(kernel, name) : StateOp();
  if (state && state.getPool())
    return state;
  current->emitOpError("needs the state ")
      << name << ", which has no offset; run assign-state-offsets first";
  failed = true;
  return {};
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

void ReferenceCalls::call(EmbedOp op) {
  callFunction<decltype(quipu_reference_embed)>(
      op, {getVector(op.getIds()), getMatrix(op.getWeight()),
           getSize(getElements(op.getResult())), getReals(op.getResult())});
}

void ReferenceCalls::copy(Value value, Value pointer) {
  RankedTensorType type = getTensor(value);
  int64_t stride = getRowBytes(type);
  abi.call<decltype(quipu_reference_copy)>(
      "quipu_reference_copy",
      {getPointer(value), abi.getInt64(stride),
       abi.getInt64(
           getStorageBytes(type.getElementType(), getElementsPerToken(type))),
       pointer, abi.getInt64(stride), begin, end});
}

void ReferenceCalls::call(GatherOp op) {
  RankedTensorType type = getTensor(op.getInput());
  int64_t bytes =
      getStorageBytes(type.getElementType(), getElementsPerToken(type));
  callFunction<decltype(quipu_reference_gather)>(
      op, {getRows(op.getInput()), getVector(op.getRows()), getSize(bytes),
           getRows(op.getResult())});
}

void ReferenceCalls::callOf(LinearOp op) {
  reference::RowType input = getRowType(op.getInput());
  int64_t rowBytes = getRowBytes(getTensor(op.getInput()));
  callFunction<decltype(quipu_reference_linear_of)>(
      op,
      {input == reference::F32 ? getReals(op.getInput())
                               : getRows(op.getInput()),
       getSize(op.hasRowPerChoice() ? rowBytes / op.getChosen() : 0),
       getKind(input), getOptionalRows(op.getIds()), getSize(op.getChosen()),
       getMatrix(op.getWeight()), getSize(op.getRows()),
       getSize(op.getColumns()), getWeight(op.getBias()),
       getReals(op.getResult())},
      "_of");
}

void ReferenceCalls::call(LinearOp op) {
  if (op.isStack())
    return callOf(op);
  reference::RowType input = getRowType(op.getInput());
  RankedTensorType weight = op.getWeight().getType();
  callFunction<decltype(quipu_reference_linear)>(
      op, {input == reference::F32 ? getReals(op.getInput())
                                   : getRows(op.getInput()),
           getKind(input), getMatrix(op.getWeight()),
           getSize(weight.getDimSize(0)), getSize(weight.getDimSize(1)),
           getWeight(op.getBias()), getReals(op.getResult())});
}

void ReferenceCalls::call(RMSNormOp op) {
  NormShape shape = getNormShape(op);
  callFunction<decltype(quipu_reference_rms_norm)>(
      op, {getReals(op.getInput()), getNumbers(op.getWeight()),
           getReal(getNumber(op.getEps(), 0)), getSize(shape.groups),
           getSize(shape.size), getReals(op.getResult())});
}

void ReferenceCalls::call(LayerNormOp op) {
  NormShape shape = getNormShape(op);
  callFunction<decltype(quipu_reference_layer_norm)>(
      op,
      {getReals(op.getInput()), getNumbers(op.getWeight()),
       getNumbers(op.getBias()), getReal(getNumber(op.getEps(), 0)),
       getSize(shape.groups), getSize(shape.size), getReals(op.getResult())});
}

void ReferenceCalls::call(QuantizeOp op) {
  RankedTensorType type = getTensor(op.getResult());
  int64_t groups =
      op.getEach() ? getElements(op.getInput()) / type.getShape().back() : 1;
  callFunction<decltype(quipu_reference_quantize)>(
      op, {getReals(op.getInput()), getSize(groups),
           getSize(type.getShape().back()), getKind(getRowType(op.getResult())),
           getRows(op.getResult()), getSize(getRowBytes(type) / groups)});
}

void ReferenceCalls::call(RopeAnglesOp op) {
  RopeScalingAttr scaling = op.getScaling().value_or(RopeScalingAttr());
  auto get = [&](Attribute (RopeScalingAttr::*field)() const, double missing) {
    return scaling ? getNumber((scaling.*field)(), missing) : missing;
  };
  abi::RopeScaling kind = scaling ? *scaling.getKind() : abi::RopeScaling::None;
  double factor = get(&RopeScalingAttr::getFactor, 1);
  double context = get(&RopeScalingAttr::getOriginalContext, 0), usual = 1;
  if (kind == abi::RopeScaling::Yarn && factor > 1)
    usual = 0.1 * std::log(factor) + 1;
  if (kind == abi::RopeScaling::Longrope && factor > 1)
    usual = std::sqrt(1 + std::log(factor) / std::log(context));
  auto getAxis = [&](unsigned axis) {
    return op.getAxes().empty() ? Arguments{abi.getNull()}
                                : getVector(op.getAxes()[axis]);
  };
  auto getSection = [&](unsigned axis) {
    return getSize(op.getSections()
                       ? cast<IntegerAttr>((*op.getSections())[axis]).getInt()
                       : 0);
  };
  callFunction<decltype(quipu_reference_rope_angles)>(
      op, {{args},
           getSize(cast<IntegerAttr>(op.getDims()).getInt()),
           getDouble(getNumber(op.getTheta(), 0)),
           getKind(int32_t(kind)),
           getDouble(factor),
           getDouble(context),
           getDouble(get(&RopeScalingAttr::getLow, 0)),
           getDouble(get(&RopeScalingAttr::getHigh, 0)),
           getDouble(get(&RopeScalingAttr::getBetaFast, 32)),
           getDouble(get(&RopeScalingAttr::getBetaSlow, 1)),
           getDouble(get(&RopeScalingAttr::getAttention, usual)),
           getKind(get(&RopeScalingAttr::getTruncate, 1) != 0),
           getWeight(op.getFactors()),
           getWeight(op.getShortFactors()),
           getAxis(0),
           getAxis(1),
           getAxis(2),
           getSection(1),
           getSection(2),
           getKind(op.getInterleaved()),
           getReals(op.getResult())});
}

void ReferenceCalls::call(RopeOp op) {
  RankedTensorType type = getTensor(op.getInput());
  callFunction<decltype(quipu_reference_rope)>(
      op, {getReals(op.getInput()), getReals(op.getAngles()),
           getKind(op.getPairs() == Pairing::Halves),
           getSize(type.getDimSize(1)), getSize(type.getDimSize(2)),
           getSize(getTensor(op.getAngles()).getDimSize(1)),
           getSize(getFirstTurned(op)), getReals(op.getResult())});
}

void ReferenceCalls::call(ClampOp op) {
  callFunction<decltype(quipu_reference_clamp)>(
      op,
      {getReals(op.getInput()), getReal(getNumber(op.getFromAttr(), -INFINITY)),
       getReal(getNumber(op.getToAttr(), INFINITY)),
       getSize(getElements(op.getInput())), getReals(op.getResult())});
}

void ReferenceCalls::call(ConcatOp op) {
  RankedTensorType lhs = getTensor(op.getLhs()), rhs = getTensor(op.getRhs());
  callFunction<decltype(quipu_reference_concat)>(
      op, {getReals(op.getLhs()), getSize(lhs.getDimSize(1)),
           getSize(lhs.getDimSize(2)), getReals(op.getRhs()),
           getSize(rhs.getDimSize(1)), getSize(rhs.getDimSize(2)),
           getReals(op.getResult())});
}

void ReferenceCalls::call(CacheWriteOp op) {
  callFunction<decltype(quipu_reference_cache_write)>(
      op, {getCache(op.getResult()), getReals(op.getKey()),
           op.getValue() ? getReals(op.getValue()) : getOptionalRows({})});
}

void ReferenceCalls::call(AttentionOp op) {
  auto cache = cast<CacheType>(op.getCache().getType());
  auto window = dyn_cast_or_null<IntegerAttr>(op.getWindowAttr());
  double scale = 1 / std::sqrt(double(cache.getKeyDim()));
  callFunction<decltype(quipu_reference_attention)>(
      op, {getCache(op.getCache()), getReals(op.getQuery()),
           getSize(getTensor(op.getQuery()).getDimSize(1)),
           getKind(op.getFull()), getReal(getNumber(op.getScaleAttr(), scale)),
           getSize(window ? window.getInt() : 0),
           getReal(getNumber(op.getSoftCapAttr(), 0)), getWeight(op.getSinks()),
           getReals(op.getResult())});
}

void ReferenceCalls::call(PoolOp op) {
  StateOp state = findPlaced(op.getStateAttr());
  if (!state)
    return;
  callFunction<decltype(quipu_reference_pool)>(
      op, {{args},
           getSize(*state.getPool()),
           getKind(int32_t(
               *abi::findPooling(cast<StringAttr>(op.getKind()).getValue()))),
           getReals(op.getInput()),
           getSize(getElements(op.getInput())),
           getReals(op.getResult())});
}

void ReferenceCalls::call(L2NormOp op) {
  int64_t size = getLastDim(op.getInput());
  callFunction<decltype(quipu_reference_l2_norm)>(
      op, {getReals(op.getInput()), getSize(getElements(op.getInput()) / size),
           getSize(size), getReals(op.getResult())});
}

template <typename Function, typename Op>
void ReferenceCalls::callBinary(Op op) {
  callFunction<Function>(op, {getReals(op.getLhs()), getReals(op.getRhs()),
                              getSize(getElements(op.getResult())),
                              getReals(op.getResult())});
}

void ReferenceCalls::call(SwiGLUOp op) {
  callBinary<decltype(quipu_reference_swiglu)>(op);
}
void ReferenceCalls::call(AddOp op) {
  callBinary<decltype(quipu_reference_add)>(op);
}
void ReferenceCalls::call(MulOp op) {
  callBinary<decltype(quipu_reference_mul)>(op);
}

void ReferenceCalls::call(ScaleOp op) {
  callFunction<decltype(quipu_reference_scale)>(
      op, {getReals(op.getInput()), getReal(getNumber(op.getFactor(), 1)),
           getSize(getElements(op.getInput())), getReals(op.getResult())});
}

void ReferenceCalls::call(ActivateOp op) {
  callFunction<decltype(quipu_reference_activate)>(
      op, {getReals(op.getInput()), getKind(int32_t(op.getKind())),
           getSize(getElements(op.getInput())), getReals(op.getResult())});
}

void ReferenceCalls::call(SoftmaxOp op) {
  int64_t size = getLastDim(op.getInput());
  callFunction<decltype(quipu_reference_softmax)>(
      op, {getReals(op.getInput()), getSize(getElements(op.getInput()) / size),
           getSize(size), getReals(op.getResult())});
}

void ReferenceCalls::call(TopKOp op) {
  auto getNumberOf = [](Attribute size) {
    return static_cast<int64_t>(getNumber(size, 1));
  };
  callFunction<decltype(quipu_reference_top_k)>(
      op, {getReals(op.getScores()), getSize(getElements(op.getScores())),
           getWeight(op.getBias()), getSize(getNumberOf(op.getCount())),
           getSize(getNumberOf(op.getGroupsAttr())),
           getSize(getNumberOf(op.getKeptAttr())),
           getSize(op.getScoresOfGroup()), getKind(op.isNormalized()),
           getRows(op.getIds()), getReals(op.getWeights())});
}

void ReferenceCalls::call(SumOp op) {
  callFunction<decltype(quipu_reference_sum)>(
      op, {getReals(op.getInput()), getReals(op.getWeights()),
           getSize(getElements(op.getWeights())),
           getSize(getElements(op.getResult())), getReals(op.getResult())});
}
