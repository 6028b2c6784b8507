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
                                     const CheckpointTensor &tensor,
                                     RowRangeAttr rows, bool isVector) {
  SmallVector<int64_t> shape = llvm::to_vector(tensor.shape);
  if (rows) {
    int64_t group = shape.empty() ? 0 : rows.getGroupRows(shape.front());
    if (group <= 0 || shape.front() % group || rows.getLast() > group)
      return {};
    shape.front() = shape.front() / group * (rows.getLast() - rows.getFirst());
  }
  // Some writers fill up with dimensions of 1.
  if (isVector && !rows)
    while (shape.size() > 1 && shape.front() == 1)
      shape.erase(shape.begin());
  Type element = isVector || shape.size() == 1
                     ? Float32Type::get(context)
                     : getElementType(context, *tensor.format);
  Attribute layout;
  if (isVector && shape.size() > 1)
    layout = FloatsAttr::get(context);
  return RankedTensorType::get(shape, element, layout);
}

bool quipu::isVector(WeightOp weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  return type.getRank() == 1 || isa_and_nonnull<FloatsAttr>(type.getEncoding());
}

/// The body that `op` is in.
static Block *getBody(LayersOp loop, Operation *op) {
  while (op->getParentOp() != loop)
    op = op->getParentOp();
  return op->getBlock();
}

bool BoundWeights::isThere(LayersOp loop, Block *body, StringRef name) const {
  if (!loop)
    return checkpoint.findTensor(getTensorName(name));
  // One that only some of the layers have is missing in the others. Of more
  // layers than tensors some lack everything.
  SmallVector<int64_t> layers = loop.getLayersOf(body);
  return llvm::any_of(
      ArrayRef(layers).take_front(checkpoint.getTensors().size()),
      [&](int64_t layer) {
        return checkpoint.findTensor(::getTensorName(loop, name, layer));
      });
}

SmallVector<int64_t> BoundWeights::getLayers(const Use &use) const {
  LayersOp loop = use.loop;
  if (!loop)
    return {0};
  auto reads = [&](Block *body, WeightAttr weight) {
    auto name = dyn_cast<StringAttr>(weight.getName());
    if (!name || weight.getRows() != use.rows)
      return false;
    bool isThere = this->isThere(loop, body, name);
    if (weight.getFallback() && !isThere)
      return weight.getFallback() == use.name;
    return name == use.name && (isThere || !weight.getOptional());
  };
  SmallVector<int64_t> layers;
  for (Block *body : loop.getBlocks()) {
    auto result = body->walk([&](Operation *op) {
      return WalkResult(
          failure(llvm::any_of(op->getAttrs(), [&](NamedAttribute attribute) {
            auto weight = dyn_cast<WeightAttr>(attribute.getValue());
            return weight && reads(body, weight);
          })));
    });
    if (result.wasInterrupted())
      llvm::append_range(layers, loop.getLayersOf(body));
  }
  llvm::sort(layers);
  return layers;
}

FailureOr<SmallVector<RankedTensorType>>
BoundWeights::getTypes(const Use &use, ArrayRef<int64_t> layers) const {
  SmallVector<RankedTensorType> types;
  for (int64_t layer : layers) {
    std::string tensorName = ::getTensorName(use.loop, use.name, layer);
    const CheckpointTensor *tensor = checkpoint.findTensor(tensorName);
    if (!tensor)
      return use.op->emitError() << checkpoint.getPath() << ": the tensor \""
                                 << tensorName << "\" is missing";
    auto emitError = [&] {
      return use.op->emitError() << checkpoint.getPath() << ": the tensor \""
                                 << tensorName << "\" ";
    };
    RankedTensorType found =
        getBoundType(use.op->getContext(), *tensor, use.rows, use.isVector);
    if (!found)
      return emitError() << "has "
                         << (tensor->shape.empty() ? 0 : tensor->shape.front())
                         << " rows, but the rows " << use.rows
                         << " are not among them";
    if (!found.getEncoding() && !chooseRowsLayout(found))
      return emitError() << "is " << found
                         << ", which no kernel reads; store a matrix, a stack "
                            "of matrices or a vector";
    types.push_back(found);
    RankedTensorType first = types.front();
    if (found.getShape() != first.getShape())
      return emitError() << "is " << found << ", but that of layer "
                         << layers.front() << " is " << first
                         << "; store all layers in one shape";
  }
  return types;
}

/// The formats of the layers, the most frequent one first, as one type;
/// `others` says which of `count` layers have which.
static RankedTensorType joinTypes(ArrayRef<RankedTensorType> types,
                                  ArrayRef<int64_t> layers, int64_t count,
                                  ArrayAttr &others) {
  SmallVector<Type> formats(llvm::map_range(
      types, [](RankedTensorType type) { return type.getElementType(); }));
  Alternatives<Type> alternatives(formats);
  if (alternatives.values.size() == 1)
    return types.front();
  MLIRContext *context = types.front().getContext();
  SmallVector<int64_t> ofLayer(count, 0);
  for (auto [layer, alternative] :
       llvm::zip_equal(layers, alternatives.ofLayer))
    ofLayer[layer] = alternative;
  others = getLayerSets(context, ofLayer);
  return RankedTensorType::get(types.front().getShape(),
                               MixedType::get(context, alternatives.values));
}

/// "attn_q", of some rows "attn_qkv_64".
static std::string getSymbol(ModelOp model, StringRef base, StringRef tensor,
                             RowRangeAttr rows) {
  std::string symbol = base.str();
  if (rows)
    symbol += "_" + std::to_string(rows.getFirst());
  // That name may be another weight's.
  while (auto known = model.lookupSymbol<WeightOp>(symbol)) {
    if (known.getTensor() == tensor && known.getRowsAttr() == rows)
      break;
    symbol += "_";
  }
  return symbol;
}

FailureOr<WeightOp> BoundWeights::declare(const Use &use) {
  LayersOp loop = use.loop;
  std::string prefix = loop ? (loop.getPrefix() + ".").str() : "";
  std::string tensor = getTensorName(use.name);
  if (loop)
    tensor = prefix + layerMark + "." + tensor;
  std::string symbol =
      getSymbol(model, prefix + use.name.str(), tensor, use.rows);
  if (auto known = model.lookupSymbol<WeightOp>(symbol))
    return known;
  int64_t count = loop ? *getLayerCount(use.op) : 1;
  SmallVector<int64_t> layers = getLayers(use);
  FailureOr<SmallVector<RankedTensorType>> types = getTypes(use, layers);
  if (failed(types))
    return failure();
  ArrayAttr others;
  RankedTensorType type = joinTypes(*types, layers, count, others);
  Block &body = model.getBody().front();
  auto place = llvm::find_if(body, llvm::IsaPred<StateOp, EntryOp, StepOp>);
  OpBuilder builder(&body, place);
  LayerSetAttr present;
  if (static_cast<int64_t>(layers.size()) != count)
    present = LayerSetAttr::get(builder.getContext(), layers);
  return WeightOp::create(
      builder, use.op->getLoc(), symbol, tensor, use.rows, type, others,
      loop ? builder.getI64IntegerAttr(count) : IntegerAttr(), present,
      /*chosen=*/IntegerAttr(), /*offset=*/IntegerAttr(),
      /*stride=*/IntegerAttr(),
      /*strides=*/DenseI64ArrayAttr());
}

FailureOr<WeightAttr> BoundWeights::bind(Operation *op, WeightAttr weight,
                                         bool isVector) {
  auto loop = op->getParentOfType<LayersOp>();
  auto name = dyn_cast<StringAttr>(weight.getName());
  if (!name)
    return op->emitError("the weight ")
           << weight.getName()
           << " is bound already; name a tensor of the checkpoint";
  if (!isThere(loop, loop ? getBody(loop, op) : nullptr, name)) {
    if (weight.getOptional())
      return WeightAttr();
    if (weight.getFallback())
      name = weight.getFallback();
  }
  FailureOr<WeightOp> declared =
      declare({op, loop, name, weight.getRows(), isVector});
  if (failed(declared))
    return failure();
  return WeightAttr::get(op->getContext(),
                         FlatSymbolRefAttr::get(declared->getSymNameAttr()),
                         declared->getTypeOfUses());
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
  SmallVector<StringRef> vectors;
  if (auto arguments = dyn_cast<ArgumentsInterface>(op))
    vectors = arguments.getVectorAttributes();
  for (NamedAttribute attribute : op->getAttrDictionary()) {
    auto weight = dyn_cast<WeightAttr>(attribute.getValue());
    if (!weight)
      continue;
    FailureOr<WeightAttr> bound =
        bind(op, weight,
             llvm::is_contained(vectors, attribute.getName().getValue()));
    if (failed(bound))
      return failure();
    if (*bound)
      op->setAttr(attribute.getName(), *bound);
    else
      op->removeAttr(attribute.getName());
  }
  return success();
}
