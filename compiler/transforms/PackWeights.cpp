//===- PackWeights.cpp - Gives each weight its place ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/PackedLayout.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
struct PackWeights : quipu::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
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
        int64_t layerBytes = 0,
                layers = weights.front().getLayers().value_or(1);
        for (WeightOp weight : weights)
          layerBytes +=
              getPackedBytes(cast<RankedTensorType>(weight.getType()));
        for (WeightOp weight : weights) {
          weight.setOffset(offset);
          if (weight.getLayers())
            weight.setStride(layerBytes);
          offset += getPackedBytes(cast<RankedTensorType>(weight.getType()));
        }
        offset += (layers - 1) * layerBytes;
      }
    });
  }
};
} // namespace
