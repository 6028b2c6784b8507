//===- QuipuShapes.cpp - Types of results from operands -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Before binding every activation is a `!quipu.value`, and so is what follows
// from one.
//
//===----------------------------------------------------------------------===//

#include "dialect/Quipu.h"
#include "mlir/IR/Builders.h"
#include "weights/WeightLayout.h"

using namespace mlir;
using namespace quipu;

using Types = SmallVectorImpl<Type>;

static RankedTensorType getBound(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

static LogicalResult inferUnbound(MLIRContext *context, Types &types) {
  types.push_back(ValueType::get(context));
  return success();
}

/// The shape that `sizes` names, behind `tokens`.
static FailureOr<SmallVector<int64_t>>
inferShape(std::optional<Location> loc, int64_t tokens, ArrayAttr sizes) {
  SmallVector<int64_t> shape{tokens};
  for (Attribute size : sizes) {
    auto number = dyn_cast<IntegerAttr>(size);
    if (!number)
      return emitOptionalError(loc, "the size ", size, " is not bound");
    if (number.getInt() <= 0)
      return emitOptionalError(loc, "the size ", number.getInt(),
                               " is not positive");
    shape.push_back(number.getInt());
  }
  return shape;
}

LogicalResult EmbedOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> loc, Adaptor op,
                                        Types &types) {
  RankedTensorType ids = getBound(op.getIds());
  if (!ids)
    return inferUnbound(context, types);
  RankedTensorType weight = op.getWeight().getType();
  if (ids.getRank() != 1 || !ids.getElementType().isInteger(32))
    return emitOptionalError(loc, "C1: the ids are a vector of i32, not ", ids);
  if (!weight || weight.getRank() != 2)
    return emitOptionalError(loc, "C2: the weight ", op.getWeight().getName(),
                             " is not a bound matrix");
  types.push_back(RankedTensorType::get(
      {ids.getDimSize(0), weight.getDimSize(1)}, Float32Type::get(context)));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> loc,
                                         Adaptor op, Types &types) {
  RankedTensorType input = getBound(op.getInput()),
                   rows = getBound(op.getRows());
  if (!input || !rows)
    return inferUnbound(context, types);
  if (rows.getRank() != 1 || !rows.getElementType().isInteger(32))
    return emitOptionalError(loc, "C1: the rows are a vector of i32, not ",
                             rows);
  SmallVector<int64_t> shape(input.getShape());
  shape.front() = rows.getDimSize(0);
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> loc,
                                         Adaptor op, Types &types) {
  RankedTensorType input = getBound(op.getInput());
  if (!input)
    return inferUnbound(context, types);
  auto shape = inferShape(loc, input.getDimSize(0), op.getShape());
  if (failed(shape))
    return failure();
  if (op.getIds()) {
    RankedTensorType ids = getBound(op.getIds());
    if (!ids || ids.getRank() != 2)
      return emitOptionalError(loc, "C6: the ids are [tokens, chosen], not ",
                               op.getIds().getType());
    shape->insert(std::next(shape->begin()), ids.getDimSize(1));
  } else if (op.getOfHeads()) {
    if (input.getRank() != 3)
      return emitOptionalError(loc, "C7: the input has no heads: ", input);
    shape->insert(std::next(shape->begin()), input.getDimSize(1));
  }
  types.push_back(RankedTensorType::get(*shape, Float32Type::get(context)));
  return success();
}

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> loc,
                                           Adaptor op, Types &types) {
  RankedTensorType input = getBound(op.getInput());
  if (!input)
    return inferUnbound(context, types);
  Type element = op.getElement().value_or(I8BlockType::get(context));
  if (!isa<I8BlockType, BFloat16Type, Float16Type>(element))
    return emitOptionalError(
        loc, "C2: numbers become !quipu.i8x32, bf16 or f16, not ", element);
  SmallVector<int64_t> shape{input.getDimSize(0), getElementsPerToken(input)};
  if (op.getEach())
    llvm::append_range(shape = {}, input.getShape());
  int64_t together = isa<FloatType>(element) ? 2 : blockSize;
  if (shape.back() % together)
    return emitOptionalError(loc, "C1: ", shape.back(),
                             " numbers of a row are no multiple of ", together);
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult RopeAnglesOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location> loc,
                                             Adaptor op, Types &types) {
  auto dims = dyn_cast<IntegerAttr>(op.getDims());
  if (!dims || !op.getTokensAttr())
    return inferUnbound(context, types);
  if (dims.getInt() <= 0 || dims.getInt() % 2)
    return emitOptionalError(loc, "C1: dims is even and positive, not ",
                             dims.getInt());
  types.push_back(
      RankedTensorType::get({op.getTokensAttr().getInt(), dims.getInt() / 2, 2},
                            Float32Type::get(context)));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> loc,
                                         Adaptor op, Types &types) {
  RankedTensorType lhs = getBound(op.getLhs()), rhs = getBound(op.getRhs());
  if (!lhs || !rhs)
    return inferUnbound(context, types);
  auto fit = [](int64_t heads, int64_t others) {
    return heads == others || heads == 1 || others == 1;
  };
  if (lhs.getRank() != 3 || rhs.getRank() != 3 ||
      lhs.getDimSize(0) != rhs.getDimSize(0) ||
      !fit(lhs.getDimSize(1), rhs.getDimSize(1)))
    return emitOptionalError(
        loc, "C1: the heads of ", lhs, " and ", rhs,
        " do not go together; there are as many of both, or one");
  types.push_back(RankedTensorType::get(
      {lhs.getDimSize(0), std::max(lhs.getDimSize(1), rhs.getDimSize(1)),
       lhs.getDimSize(2) + rhs.getDimSize(2)},
      Float32Type::get(context)));
  return success();
}

LogicalResult CacheWriteOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location> loc,
                                             Adaptor op, Types &types) {
  bool inKeys = !op.getValue();
  if (inKeys == !op.getValuesAttr())
    return emitOptionalError(loc, "C3: there is ",
                             inKeys ? "neither a value nor" : "a value beside",
                             " a number of the key's components");
  RankedTensorType key = getBound(op.getKey()),
                   value = inKeys ? key : getBound(op.getValue());
  if (!key || !value)
    return inferUnbound(context, types);
  if (key.getRank() != 3 || value.getRank() != 3 ||
      key.getShape().drop_back() != value.getShape().drop_back())
    return emitOptionalError(
        loc, "C1: key and value differ in tokens or heads: ", key, " and ",
        value);
  int64_t valueDim = value.getDimSize(2);
  if (inKeys) {
    auto count = dyn_cast<IntegerAttr>(op.getValuesAttr());
    if (!count || count.getInt() < 1 || count.getInt() > valueDim)
      return emitOptionalError(loc, "C3: a value is ", op.getValuesAttr(),
                               " components of a key, expected from 1 to ",
                               valueDim);
    valueDim = count.getInt();
  }
  if (!op.getStateAttr())
    return emitOptionalError(loc, "C2: there is no state; run bind-checkpoint");
  Type element = op.getElement().value_or(Float16Type::get(context));
  CacheType cache = CacheType::getChecked(
      [&] { return mlir::emitError(loc.value_or(UnknownLoc::get(context))); },
      context, op.getStateAttr(), element, key.getDimSize(1), key.getDimSize(2),
      valueDim, inKeys);
  if (!cache)
    return failure();
  types.push_back(cache);
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> loc,
                                            Adaptor op, Types &types) {
  RankedTensorType query = getBound(op.getQuery());
  auto cache = dyn_cast<CacheType>(op.getCache().getType());
  if (!query || !cache)
    return inferUnbound(context, types);
  SmallVector<int64_t> shape(query.getShape());
  shape.back() = cache.getValueDim();
  types.push_back(RankedTensorType::get(shape, query.getElementType()));
  return success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> loc, Adaptor op,
                                       Types &types) {
  RankedTensorType scores = getBound(op.getScores());
  auto count = dyn_cast<IntegerAttr>(op.getCount());
  if (!scores) {
    types.assign(2, ValueType::get(context));
    return success();
  }
  if (scores.getRank() != 2 || !scores.getElementType().isF32())
    return emitOptionalError(
        loc, "C1: the scores are [tokens, experts] in f32, not ", scores);
  if (!count || count.getInt() < 1 || count.getInt() > scores.getDimSize(1))
    return emitOptionalError(loc, "C2: the count is ", op.getCount(),
                             ", expected one from 1 to the ",
                             scores.getDimSize(1), " experts");
  for (Type element :
       {Type(IntegerType::get(context, 32)), Type(Float32Type::get(context))})
    types.push_back(
        RankedTensorType::get({scores.getDimSize(0), count.getInt()}, element));
  return success();
}

LogicalResult SumOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> loc, Adaptor op,
                                      Types &types) {
  RankedTensorType input = getBound(op.getInput()),
                   weights = getBound(op.getWeights());
  if (!input || !weights)
    return inferUnbound(context, types);
  if (input.getRank() != 3 ||
      input.getShape().drop_back() != weights.getShape() ||
      !input.getElementType().isF32() || !weights.getElementType().isF32())
    return emitOptionalError(loc,
                             "C1: the input is [tokens, chosen, n] and the "
                             "weights are [tokens, chosen] in f32, not ",
                             input, " and ", weights);
  types.push_back(RankedTensorType::get(
      {input.getDimSize(0), input.getDimSize(2)}, input.getElementType()));
  return success();
}
