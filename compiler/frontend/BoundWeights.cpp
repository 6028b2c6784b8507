//===- BoundWeights.cpp - A spec's weights as typed tensors ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "dialect/LayerSets.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;

/// Stands for the layer's number in a declaration's tensor name.
static constexpr char layerMark = '*';

std::string quipu::getTensorName(StringRef weight) {
  return (weight + (weight.ends_with(".bias") ? "" : ".weight")).str();
}

std::string quipu::getTensorName(WeightOp weight, int64_t layer) {
  auto [before, after] = weight.getTensor().split(layerMark);
  if (!weight.getLayers())
    return weight.getTensor().str();
  return (before + Twine(layer) + after).str();
}

/// The tensor of `name` in one layer, or outside of them.
static std::string getTensorName(LayersOp layers, StringRef name,
                                 int64_t layer) {
  if (!layers)
    return getTensorName(name);
  return (layers.getPrefix() + "." + Twine(layer) + "." + getTensorName(name))
      .str();
}

static int64_t getLayers(LayersOp layers) {
  return layers ? cast<IntegerAttr>(layers.getCount()).getInt() : 1;
}

static Type getElementType(MLIRContext *context, const WeightFormat &format) {
  if (format.isQuantized())
    return BlockType::get(context, &format);
  if (&format == &formatF16)
    return Float16Type::get(context);
  if (&format == &formatBF16)
    return BFloat16Type::get(context);
  return Float32Type::get(context);
}

RankedTensorType quipu::getBoundType(MLIRContext *context,
                                     const CheckpointTensor &tensor) {
  Type element = tensor.shape.size() == 1
                     ? Float32Type::get(context)
                     : getElementType(context, *tensor.format);
  return RankedTensorType::get(tensor.shape, element);
}

bool BoundWeights::isThere(LayersOp layers, StringRef name) const {
  // One that only some layers have is missing in the others. Of more layers
  // than tensors some lack everything.
  int64_t count =
      std::min<int64_t>(getLayers(layers), checkpoint.getTensors().size());
  return llvm::any_of(llvm::seq(count), [&](int64_t layer) {
    return checkpoint.findTensor(::getTensorName(layers, name, layer));
  });
}

FailureOr<SmallVector<RankedTensorType>>
BoundWeights::getTypes(Operation *op, LayersOp layers, StringRef name) const {
  SmallVector<RankedTensorType> types;
  for (int64_t layer = 0; layer < getLayers(layers); ++layer) {
    std::string tensorName = ::getTensorName(layers, name, layer);
    const CheckpointTensor *tensor = checkpoint.findTensor(tensorName);
    if (!tensor)
      return op->emitError() << checkpoint.getPath() << ": the tensor \""
                             << tensorName << "\" is missing";
    RankedTensorType found = getBoundType(op->getContext(), *tensor);
    if (!chooseRowsLayout(found))
      return op->emitError()
             << checkpoint.getPath() << ": the tensor \"" << tensorName
             << "\" is " << found
             << ", which no kernel reads; store a matrix or a vector";
    types.push_back(found);
    RankedTensorType first = types.front();
    if (found.getShape() != first.getShape())
      return op->emitError()
             << checkpoint.getPath() << ": the tensor \"" << tensorName
             << "\" is " << found << ", but that of layer 0 is " << first
             << "; store all layers in one shape";
  }
  return types;
}

/// The formats of the layers, the most frequent one first, as one type;
/// `others` says which layers have which.
static RankedTensorType joinTypes(ArrayRef<RankedTensorType> layers,
                                  ArrayAttr &others) {
  SmallVector<Type> formats(llvm::map_range(
      layers, [](RankedTensorType type) { return type.getElementType(); }));
  Alternatives<Type> alternatives(formats);
  if (alternatives.values.size() == 1)
    return layers.front();
  MLIRContext *context = layers.front().getContext();
  others = getLayerSets(context, alternatives.ofLayer);
  return RankedTensorType::get(layers.front().getShape(),
                               MixedType::get(context, alternatives.values));
}

FailureOr<WeightAttr> BoundWeights::bind(Operation *op, WeightAttr weight) {
  auto layers = op->getParentOfType<LayersOp>();
  auto name = dyn_cast<StringAttr>(weight.getName());
  if (!name)
    return op->emitError("the weight ")
           << weight.getName()
           << " is bound already; name a tensor of the checkpoint";
  if (!isThere(layers, name)) {
    if (weight.getOptional())
      return WeightAttr();
    if (weight.getFallback())
      name = weight.getFallback();
  }
  FailureOr<SmallVector<RankedTensorType>> types = getTypes(op, layers, name);
  if (failed(types))
    return failure();
  ArrayAttr others;
  RankedTensorType type = joinTypes(*types, others);

  std::string symbol =
      layers ? (layers.getPrefix() + "." + name.getValue()).str() : name.str();
  if (!model.lookupSymbol<WeightOp>(symbol)) {
    Block &body = model.getBody().front();
    auto place = llvm::find_if(body, llvm::IsaPred<StateOp, EntryOp, StepOp>);
    OpBuilder builder(&body, place);
    std::string tensor = layers ? (layers.getPrefix() + "." + Twine(layerMark) +
                                   "." + getTensorName(name))
                                      .str()
                                : getTensorName(name);
    auto declared =
        WeightOp::create(builder, op->getLoc(), symbol, tensor, type, others,
                         /*layers=*/IntegerAttr(), /*offset=*/IntegerAttr(),
                         /*stride=*/IntegerAttr(),
                         /*strides=*/DenseI64ArrayAttr());
    if (layers)
      declared.setLayers(getLayers(layers));
  }
  return WeightAttr::get(
      op->getContext(), FlatSymbolRefAttr::get(op->getContext(), symbol), type);
}

LogicalResult BoundWeights::verifyPairs(RopeOp rope) const {
  std::optional<abi::RopePairing> stored = checkpoint.getPairing();
  auto named = static_cast<abi::RopePairing>(rope.getPairs());
  if (!stored || *stored == named)
    return success();
  return rope.emitError("'pairs ")
         << stringifyPairing(rope.getPairs()) << "' contradicts "
         << checkpoint.getPath()
         << ", which stores the rows of q and k for 'pairs "
         << stringifyPairing(static_cast<Pairing>(*stored)) << "'";
}

LogicalResult BoundWeights::bind(Operation *op) {
  if (auto rope = dyn_cast<RopeOp>(op); rope && failed(verifyPairs(rope)))
    return failure();
  for (NamedAttribute attribute : op->getAttrs()) {
    auto weight = dyn_cast<WeightAttr>(attribute.getValue());
    if (!weight)
      continue;
    FailureOr<WeightAttr> bound = bind(op, weight);
    if (failed(bound))
      return failure();
    if (*bound)
      op->setAttr(attribute.getName(), *bound);
    else
      op->removeAttr(attribute.getName());
  }
  return success();
}
