//===- BoundWeights.cpp - A spec's weights as typed tensors ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
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

FailureOr<RankedTensorType>
BoundWeights::getType(Operation *op, LayersOp layers, StringRef name) const {
  RankedTensorType type;
  for (int64_t layer = 0; layer < getLayers(layers); ++layer) {
    std::string tensorName = ::getTensorName(layers, name, layer);
    const CheckpointTensor *tensor = checkpoint.findTensor(tensorName);
    if (!tensor)
      return op->emitError() << checkpoint.getPath() << ": the tensor \""
                             << tensorName << "\" is missing";
    RankedTensorType found = getBoundType(op->getContext(), *tensor);
    if (type && found != type)
      return op->emitError()
             << checkpoint.getPath() << ": the tensor \"" << tensorName
             << "\" is " << found << ", but that of layer 0 is " << type
             << "; store all layers in one format";
    type = found;
  }
  return type;
}

FailureOr<WeightAttr> BoundWeights::bind(Operation *op, WeightAttr weight) {
  auto layers = op->getParentOfType<LayersOp>();
  StringAttr name = weight.getName();
  if (!isThere(layers, name)) {
    if (weight.getOptional())
      return WeightAttr();
    if (weight.getFallback())
      name = weight.getFallback();
  }
  FailureOr<RankedTensorType> type = getType(op, layers, name);
  if (failed(type))
    return failure();

  std::string symbol =
      layers ? (layers.getPrefix() + "." + name.getValue()).str() : name.str();
  if (!model.lookupSymbol<WeightOp>(symbol)) {
    Block &body = model.getBody().front();
    auto place = llvm::find_if(body, llvm::IsaPred<StepOp>);
    OpBuilder builder(&body, place);
    std::string tensor = layers ? (layers.getPrefix() + "." + Twine(layerMark) +
                                   "." + getTensorName(name))
                                      .str()
                                : getTensorName(name);
    auto declared =
        WeightOp::create(builder, op->getLoc(), symbol, tensor, *type,
                         /*layers=*/IntegerAttr(), /*offset=*/IntegerAttr(),
                         /*stride=*/IntegerAttr());
    if (layers)
      declared.setLayers(getLayers(layers));
  }
  return WeightAttr::get(op->getContext(), name, *type);
}

LogicalResult BoundWeights::bind(Operation *op) {
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
