//===- QuipuOps.cpp - Verifiers of the model's ops ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Pooling.h"
#include "dialect/LayerAssembly.h"
#include "dialect/LayerSets.h"
#include "dialect/OpNumbers.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuOpInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialect/QuipuOps.cpp.inc"

FusionRole quipu::getReductionRole(Value input) {
  auto type = dyn_cast<RankedTensorType>(input.getType());
  return type && type.getRank() == 3 ? FusionRole::Tile : FusionRole::Row;
}

NormShape quipu::getNormShape(NormInterface norm) {
  auto input = cast<RankedTensorType>(norm->getOperand(0).getType());
  int64_t elements = getElementsPerToken(input);
  std::optional<WeightAttr> weight = norm.getWeight();
  bool isOfToken = weight && weight->getType() &&
                   weight->getType().getRank() == 1 &&
                   weight->getType().getDimSize(0) == elements;
  int64_t size = isOfToken ? elements : input.getShape().back();
  return {elements / size, size};
}

FusionRole quipu::getNormRole(NormInterface norm) {
  auto input = dyn_cast<RankedTensorType>(norm->getOperand(0).getType());
  bool isOfHeads = input && input.getRank() == 3 &&
                   getNormShape(norm).size == input.getShape().back();
  return isOfHeads ? FusionRole::Tile : FusionRole::Row;
}

static bool isPositive(Attribute number) {
  if (auto integer = dyn_cast_or_null<IntegerAttr>(number))
    return integer.getInt() > 0;
  if (auto real = dyn_cast_or_null<FloatAttr>(number))
    return real.getValueAsDouble() > 0 && real.getValue().isFinite();
  return true; // not bound yet, or not there
}

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  for (Type element : getFormats(type.getElementType()))
    if (auto format = dyn_cast<BlockFormat>(element))
      if (type.getRank() == 0 ||
          type.getShape().back() % format.getBlockElements())
        return emitOpError("C1: a row is not a whole number of blocks of ")
               << format.getBlockElements() << ": " << type;
  SmallVector<int64_t> places(getStrides().value_or(ArrayRef<int64_t>()));
  for (std::optional<int64_t> bytes : {getOffset(), getStride()})
    places.push_back(bytes.value_or(0));
  for (int64_t bytes : places)
    if (bytes < 0 || bytes % packedAlignment)
      return emitOpError("C2: ")
             << bytes << " is no multiple of " << packedAlignment;
  bool empty =
      llvm::any_of(type.getShape(), [](int64_t size) { return size <= 0; });
  if (type.getRank() == 0 || empty ||
      (getLayers() && static_cast<int64_t>(*getLayers()) <= 0))
    return emitOpError("C3: a size or the number of layers is not positive");
  int64_t layers = getLayers().value_or(1);
  if (getFormats(type.getElementType()).size() !=
      (getOverrideLayers() ? getOverrideLayers()->size() + 1 : 1))
    return emitOpError("C4: the formats are ")
           << type.getElementType() << ", but there are "
           << (getOverrideLayers() ? getOverrideLayers()->size() : 0)
           << " sets of layers with another one than the first";
  if (getOverrideLayers())
    if (std::string wrong = checkLayerSets(*getOverrideLayers(), layers);
        !wrong.empty())
      return emitOpError("C4: ") << wrong;
  if (getStrides() &&
      (getStride() || !getLayers() ||
       static_cast<int64_t>(getStrides()->size()) + 1 != layers))
    return emitOpError("C5: ") << getStrides()->size() << " distances between "
                               << layers << " layers";
  if (getOffset() && !getLayerOffset(layers - 1))
    return emitOpError("C2: the place of the last layer overflows");
  if (!getLayout() && (type.getEncoding() || getOffset()))
    return emitOpError("C6: ") << type << " names no layout";
  if (getPresent() &&
      (!getLayers() || getPresent()->getLayers().back() >= layers))
    return emitOpError("C7: the weight of ")
           << layers << " layers is there in " << getPresentAttr();
  RowRangeAttr rows = getRowsAttr();
  if (rows &&
      (!isa<IntegerAttr>(rows.getBegin()) || !isa<IntegerAttr>(rows.getEnd()) ||
       (rows.getGroup() && !isa<IntegerAttr>(rows.getGroup()))))
    return emitOpError("C8: the rows ") << rows << " are not bound";
  if (IntegerAttr chosen = getChosenAttr();
      chosen && (type.getRank() != 3 || chosen.getInt() < 1 ||
                 chosen.getInt() > type.getDimSize(0)))
    return emitOpError("C9: a token cannot choose ")
           << chosen.getInt() << " matrices of " << type;
  return success();
}

bool WeightOp::hasLayer(int64_t layer) {
  return !getPresent() || llvm::binary_search(getPresent()->getLayers(), layer);
}

bool WeightOp::isMixed() {
  return isa<MixedType>(cast<RankedTensorType>(getType()).getElementType());
}

LayoutAttrInterface WeightOp::getLayout() {
  return dyn_cast_or_null<LayoutAttrInterface>(
      cast<RankedTensorType>(getType()).getEncoding());
}

RankedTensorType WeightOp::getTypeOfUses() {
  return cast<RankedTensorType>(getType()).dropEncoding();
}

RankedTensorType WeightOp::getLayerType(int64_t layer) {
  RankedTensorType type = getTypeOfUses();
  int64_t format = findAlternative(getOverrideLayersAttr(), layer);
  return RankedTensorType::get(type.getShape(),
                               getFormats(type.getElementType())[format]);
}

std::optional<int64_t> WeightOp::getLayerOffset(int64_t layer) {
  int64_t place = getOffset().value_or(0), distance = 0;
  if (!getOffset() ||
      llvm::MulOverflow<int64_t>(getStride().value_or(0), layer, distance) ||
      llvm::AddOverflow(place, distance, place))
    return std::nullopt;
  if (getStrides())
    for (int64_t stride : getStrides()->take_front(layer))
      if (llvm::AddOverflow(place, stride, place))
        return std::nullopt;
  return place;
}

LogicalResult StepOp::verify() {
  if (getTokensAttr().getInt() < 1)
    return emitOpError("C1: the number of tokens is ")
           << getTokensAttr().getInt() << ", expected a positive one";
  if (getArenaAttr() && getArenaAttr().getInt() < 0)
    return emitOpError("C2: the arena has ")
           << getArenaAttr().getInt() << " bytes, a negative number";
  return success();
}

LogicalResult StepOp::verifyRegions() { return verifyIsBound(*this, "C3"); }

LogicalResult quipu::verifyIsBound(Operation *op, StringRef constraint) {
  auto result = op->walk([&](Operation *inner) {
    auto isUnbound = [](Value value) {
      return isa<ValueType>(value.getType());
    };
    bool unbound = llvm::any_of(inner->getResults(), isUnbound);
    for (Region &region : inner->getRegions())
      unbound |= llvm::any_of(region.getArguments(), isUnbound);
    return unbound ? WalkResult(inner->emitOpError(constraint)
                                << ": a value's sizes are not bound; "
                                   "bind-checkpoint does")
                   : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

int64_t LinearOp::getChosen() {
  if (getOfHeads())
    return getMatrices(getWeight().getType());
  auto ids = getIds() ? dyn_cast<RankedTensorType>(getIds().getType())
                      : RankedTensorType();
  return ids ? ids.getDimSize(1) : 1;
}

bool LinearOp::hasRowPerChoice() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  return isStack() && input && input.getRank() == 3;
}

/// C6, and that the weight is a stack.
static LogicalResult verifyStack(LinearOp op, RankedTensorType input) {
  RankedTensorType weight = op.getWeight().getType();
  if (!weight || weight.getRank() != 3)
    return op.emitOpError("C1: the weight ")
           << op.getWeight().getName() << " is " << weight
           << ", no stack of matrices";
  if (op.getOfHeads())
    return success();
  auto ids = dyn_cast<RankedTensorType>(op.getIds().getType());
  if (!ids || ids.getRank() != 2 || ids.getDimSize(0) != input.getDimSize(0) ||
      !ids.getElementType().isInteger(32))
    return op.emitOpError("C6: the ids are ")
           << op.getIds().getType() << ", not i32 for each of "
           << input.getDimSize(0) << " tokens";
  // Behind a launch, checkModel sees to it.
  auto choice = op.getIds().getDefiningOp<TopKOp>();
  if (!choice)
    return success();
  auto scores = dyn_cast<RankedTensorType>(choice.getScores().getType());
  if (choice.getIds() != op.getIds() || !scores ||
      scores.getShape().back() != weight.getDimSize(0))
    return op.emitOpError("C6: the ids are not what a top_k has chosen of ")
           << weight.getDimSize(0);
  return success();
}

/// C5.
static LogicalResult verifyQuantized(LinearOp op, RankedTensorType input) {
  if (!op.getQuantized())
    return success();
  auto quantized = dyn_cast<RankedTensorType>(op.getQuantized().getType());
  SmallVector<int64_t> shape{input.getDimSize(0), getElementsPerToken(input)};
  if (op.hasRowPerChoice())
    llvm::append_range(shape = {}, input.getShape());
  bool isMixed = isa<MixedType>(op.getWeight().getType().getElementType());
  if (isMixed && input.getElementType().isF32() &&
      quantized ==
          RankedTensorType::get(shape, I8BlockType::get(op.getContext())))
    return success();
  return op.emitOpError("C5: ") << quantized << " is no quantised form of "
                                << input << " for a weight of mixed formats";
}

LogicalResult LinearOp::verify() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  if (!input)
    return success();
  bool isStack = this->isStack(), ownRows = hasRowPerChoice();
  if (getOfHeads() && (getIds() || input.getRank() != 3))
    return emitOpError("C7: the input has no heads: ") << input;
  if (isStack && failed(verifyStack(*this, input)))
    return failure();
  RankedTensorType weight = getWeight().getType();
  int64_t elements = ownRows ? input.getDimSize(2) : getElementsPerToken(input);
  if (!weight || weight.getRank() != (isStack ? 3 : 2) ||
      getColumns() != elements ||
      (ownRows && input.getDimSize(1) != getChosen()))
    return emitOpError("C1: the weight ")
           << getWeight().getName() << " is " << weight
           << ", but the input has " << elements << " numbers per "
           << (!ownRows ? "token"
               : getOfHeads()
                   ? "head, of " + std::to_string(input.getDimSize(1))
                   : "choice, of " + std::to_string(input.getDimSize(1)));
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t outputs =
      isStack ? result.getShape().back() : getElementsPerToken(result);
  if (getRows() != outputs || (isStack && getShape().size() != 1))
    return emitOpError("C2: the weight ")
           << getWeight().getName() << " has " << getRows()
           << " rows, but the output shape " << getShape() << " needs "
           << outputs;
  SmallVector<int64_t> biases(weight.getShape().drop_back());
  RankedTensorType bias = getBias() ? getBias()->getType() : RankedTensorType();
  if (getBias() && (!bias || bias.getShape() != ArrayRef(biases) ||
                    !bias.getElementType().isF32()))
    return emitOpError("C3: the bias ")
           << getBias()->getName() << " is " << bias << " instead of "
           << llvm::join(llvm::map_range(
                             biases,
                             [](int64_t size) { return std::to_string(size); }),
                         "x")
           << " numbers in f32";
  Type element = input.getElementType();
  SmallVector<Type> formats = getFormats(weight.getElementType());
  if (isBlockFormat(element) && !llvm::all_of(formats, isBlockFormat))
    return emitOpError("C4: an input in ")
           << element << " goes with a weight in blocks, not "
           << weight.getElementType();
  if (isa<BFloat16Type, Float16Type>(element) &&
      (llvm::any_of(formats, llvm::IsaPred<Float32Type>) || elements % 2))
    return emitOpError("C4: an input in 16 bits goes with a weight that is not "
                       "f32 and an even number of columns, not with ")
           << weight;
  return verifyQuantized(*this, input);
}

LogicalResult TopKOp::verify() {
  if (!getGroupsAttr() != !getKeptAttr())
    return emitOpError("C4: groups and keep go together");
  auto scores = dyn_cast<RankedTensorType>(getScores().getType());
  if (!scores)
    return success();
  int64_t experts = scores.getShape().back();
  int64_t count = getSize(getCount(), 1);
  if (count < 1 || count > experts)
    return emitOpError("C2: the count is ")
           << count << ", expected one from 1 to the " << experts << " experts";
  if (getBias() && !isVector(getBias()->getType(), experts))
    return emitOpError("C3: the bias ")
           << getBias()->getName() << " is " << getBias()->getType()
           << " instead of " << experts << " numbers in f32";
  int64_t groups = getSize(getGroupsAttr(), 1),
          kept = getSize(getKeptAttr(), 1);
  if (groups < 1 || experts % groups || kept < 1 || kept > groups ||
      experts / groups * kept < count)
    return emitOpError("C4: of ")
           << experts << " experts in " << groups << " groups, " << kept
           << " groups cannot be kept to choose " << count << " from";
  if (getScoresOfGroup() != 1 && getScoresOfGroup() != 2)
    return emitOpError("C5: groups go by ")
           << getScoresOfGroup() << " scores, expected 1 or 2";
  return success();
}

LogicalResult TopKOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyWeightUses(*this, symbols);
}

/// Whether a norm of `input` can multiply by `weight`, or add it.
static bool fitsNorm(RankedTensorType weight, RankedTensorType input) {
  int64_t size = input.getShape().back();
  return isVector(weight, size) ||
         isVector(weight, getElementsPerToken(input)) ||
         (weight && input.getRank() == 3 &&
          weight.getShape() == input.getShape().drop_front() &&
          weight.getElementType().isF32());
}

/// `size` numbers in f32, and what else fits a norm of `input`.
static std::string nameNormShapes(RankedTensorType input) {
  std::string text =
      std::to_string(input.getShape().back()) + " numbers in f32";
  if (input.getRank() == 3)
    text += ", " + std::to_string(getElementsPerToken(input)) +
            " or those of each head";
  return text;
}

/// C1 and C2 of a norm.
static LogicalResult verifyNorm(NormInterface norm) {
  if (!isPositive(norm.getEps()))
    return norm->emitOpError("C2: eps is not positive");
  auto input = dyn_cast<RankedTensorType>(norm->getOperand(0).getType());
  std::optional<WeightAttr> weight = norm.getWeight();
  if (!input || !weight || fitsNorm(weight->getType(), input))
    return success();
  return norm->emitOpError("C1: the weight ")
         << weight->getName() << " is " << weight->getType() << " instead of "
         << nameNormShapes(input);
}

LogicalResult RMSNormOp::verify() { return verifyNorm(*this); }

LogicalResult LayerNormOp::verify() {
  if (failed(verifyNorm(*this)))
    return failure();
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  if (!input || !getBias())
    return success();
  RankedTensorType bias = getBias()->getType();
  if (getWeight() ? bias == getWeight()->getType()
                  : isVector(bias, input.getShape().back()))
    return success();
  auto error = emitOpError("C3: the bias ")
               << getBias()->getName() << " is " << bias;
  if (getWeight())
    error << ", but the weight is " << getWeight()->getType();
  else
    error << " instead of " << input.getShape().back() << " numbers in f32";
  return failure();
}

LogicalResult ClampOp::verify() {
  auto from = dyn_cast_or_null<FloatAttr>(getFromAttr()),
       to = dyn_cast_or_null<FloatAttr>(getToAttr());
  for (FloatAttr bound : {from, to})
    if (bound && bound.getValue().isNaN())
      return emitOpError("C1: a bound is no number");
  if (from && to && from.getValueAsDouble() > to.getValueAsDouble())
    return emitOpError("C1: ") << from << " is more than " << to;
  return success();
}

/// Key and value have the same tokens and heads.
static bool matchHeads(RankedTensorType key, RankedTensorType value) {
  return key.getRank() == 3 && value.getRank() == 3 &&
         key.getShape().drop_back() == value.getShape().drop_back();
}

LogicalResult CacheWriteOp::verify() {
  if (!getValue())
    return success(); // the shape rule has seen to it
  auto key = dyn_cast<RankedTensorType>(getKey().getType());
  auto value = dyn_cast<RankedTensorType>(getValue().getType());
  if (!key != !value || (key && !matchHeads(key, value)))
    return emitOpError("C1: key and value differ in tokens or heads: ")
           << getKey().getType() << " and " << getValue().getType();
  return success();
}

LogicalResult AttentionOp::verify() {
  if (!isPositive(getScaleAttr()) || !isPositive(getWindowAttr()) ||
      !isPositive(getSoftCapAttr()))
    return emitOpError("C4: window, soft_cap and scale are positive");
  if (getFull() && getWindow())
    return emitOpError("C5: full attention has no window");
  auto query = dyn_cast<RankedTensorType>(getQuery().getType());
  auto cache = dyn_cast<CacheType>(getCache().getType());
  if (!query || !cache)
    return success();
  if (query.getRank() != 3 || query.getDimSize(2) != cache.getKeyDim())
    return emitOpError("C1: the query ") << query << " has no heads of "
                                         << cache.getKeyDim() << " components";
  if (query.getDimSize(1) % cache.getHeads())
    return emitOpError("C2: ")
           << cache.getHeads() << " cached heads do not divide "
           << query.getDimSize(1) << " query heads";
  if (getSinks() && !isVector(getSinks()->getType(), query.getDimSize(1)))
    return emitOpError("C3: the sinks are ")
           << getSinks()->getType() << " instead of " << query.getDimSize(1)
           << " numbers in f32";
  return success();
}

LogicalResult PoolOp::verify() {
  auto kind = dyn_cast<StringAttr>(getKind());
  if ((kind || isa<RankedTensorType>(getInput().getType())) &&
      !(kind && abi::findPooling(kind.getValue()))) {
    InFlightDiagnostic error = emitOpError("C1: the kind is ")
                               << getKind() << ", none of ";
    llvm::interleaveComma(abi::poolingNames, error);
    return error;
  }
  return success();
}
