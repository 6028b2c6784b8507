//===- AssignWeightOffsets.cpp - Gives each weight its place
//----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/PackedLayout.h"
#include "dialect/Targets.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_ASSIGNWEIGHTOFFSETS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
struct AssignWeightOffsets
    : quipu::impl::AssignWeightOffsetsBase<AssignWeightOffsets> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
      if (failed(chooseLayouts(model)))
        return signalPassFailure();
      // The weights of one layer loop (their tensors have its prefix) are
      // neighbours; the others follow each other.
      llvm::MapVector<StringRef, SmallVector<WeightOp>> loops;
      for (WeightOp weight : model.getOps<WeightOp>())
        loops[weight.getLayers() ? weight.getTensor().split('*').first
                                 : weight.getSymName()]
            .push_back(weight);
      OpBuilder builder(model.getContext());
      int64_t offset = 0;
      for (auto &[name, weights] : loops) {
        if (llvm::any_of(weights, [](WeightOp op) {
              return op.isMixed() || op.getPresent();
            }))
          placeMixed(weights, offset);
        else
          placeAlike(weights, offset);
      }
    });
  }

  static LogicalResult chooseLayouts(ModelOp model) {
    SmallVector<TargetAttrInterface> targets(
        llvm::map_range(getTargets(model), llvm::CastTo<TargetAttrInterface>));
    DenseSet<Attribute> matrices, vectors;
    model.walk([&](Operation *op) {
      for (NamedAttribute attribute : op->getAttrs())
        if (auto weight = dyn_cast<WeightAttr>(attribute.getValue()))
          (isMatrixUse(op, attribute.getName()) ? matrices : vectors)
              .insert(weight.getName());
    });
    for (WeightOp weight : model.getOps<WeightOp>()) {
      // A vector of several dimensions has its layout from binding on.
      if (weight.getLayout())
        continue;
      RankedTensorType type = weight.getTypeOfUses();
      auto name = FlatSymbolRefAttr::get(weight.getSymNameAttr());
      bool isVector = vectors.contains(name);
      if (isVector && matrices.contains(name))
        return weight.emitOpError("is read as a matrix and as a vector");
      Attribute layout = isVector
                             ? Attribute(FloatsAttr::get(model.getContext()))
                         : targets.empty() ? Attribute(chooseRowsLayout(type))
                                           : targets[0].chooseLayout(type);
      if (isVector &&
          failed(FloatsAttr::get(model.getContext())
                     .verifyEncoding(type.getShape(), type.getElementType(),
                                     [&] { return weight.emitOpError(); })))
        return failure();
      if (!layout)
        return weight.emitOpError("is ")
               << type
               << ", which no kernel reads; a weight is a matrix, or a vector "
                  "of floats";
      weight.setType(type.cloneWithEncoding(layout));
    }
    return success();
  }

  static int64_t getBytes(WeightOp weight, int64_t layer) {
    return weight.getLayout().getPackedBytes(weight.getLayerType(layer));
  }

  /// Every layer has the size of the first.
  static void placeAlike(MutableArrayRef<WeightOp> weights, int64_t &offset) {
    int64_t layerBytes = 0;
    for (WeightOp weight : weights)
      layerBytes += getBytes(weight, 0);
    int64_t first = offset;
    for (WeightOp weight : weights) {
      weight.setOffset(offset);
      if (weight.getLayers())
        weight.setStride(layerBytes);
      offset += getBytes(weight, 0);
    }
    WeightOp weight = weights.front();
    offset = first + int64_t(weight.getLayers().value_or(1)) * layerBytes;
  }

  static void placeMixed(MutableArrayRef<WeightOp> weights, int64_t &offset) {
    WeightOp first = weights.front();
    SmallVector<SmallVector<int64_t>> strides(weights.size());
    SmallVector<int64_t> last(weights.size());
    for (int64_t layer : llvm::seq<int64_t>(*first.getLayers()))
      for (auto [i, weight] : llvm::enumerate(weights)) {
        if (layer == 0)
          weight.setOffset(offset);
        else
          strides[i].push_back(offset - last[i]);
        last[i] = offset;
        if (weight.hasLayer(layer))
          offset += getBytes(weight, layer);
      }
    for (auto [weight, distances] : llvm::zip_equal(weights, strides))
      weight.setStrides(distances);
  }
};
} // namespace
