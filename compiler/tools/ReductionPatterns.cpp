//===- ReductionPatterns.cpp - Simpler forms for quipu-reduce -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/ReductionPatterns.h"
#include "dialect/Quipu.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Reducer/ReductionPatternInterface.h"

using namespace mlir;
using namespace quipu;

namespace {

/// An op of the mathematics gives way to an operand of its result's type.
struct ForwardOperand : OpInterfaceRewritePattern<FusionInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(FusionInterface op,
                                PatternRewriter &rewriter) const override {
    Type type = op->getResult(0).getType();
    auto operand = llvm::find_if(op->getOperands(), [&](Value value) {
      return value.getType() == type;
    });
    if (operand == op->operand_end())
      return failure();
    rewriter.replaceOp(op, *operand);
    return success();
  }
};

/// Layers give way to what they begin with.
struct SkipLayers : OpRewritePattern<LayersOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayersOp layers,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(layers, layers.getInit());
    return success();
  }
};

/// One layer instead of many, in all loops of that count and in the weights
/// that they read. Formats that change from layer to layer need the layers.
struct KeepOneLayer : OpRewritePattern<LayersOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayersOp layers,
                                PatternRewriter &rewriter) const override {
    auto model = layers->getParentOfType<ModelOp>();
    std::optional<int64_t> count = getCount(layers);
    if (!model || !count || *count == 1)
      return failure();
    SmallVector<Operation *> changed;
    auto result = model.walk([&](Operation *op) {
      if (auto loop = dyn_cast<LayersOp>(op); loop && getCount(loop) == count)
        changed.push_back(op);
      if (auto weight = dyn_cast<WeightOp>(op);
          weight && weight.getLayers() == uint64_t(*count)) {
        if (weight.isMixed())
          return WalkResult::interrupt();
        changed.push_back(op);
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    for (Operation *op : changed)
      rewriter.modifyOpInPlace(op, [&] { setOneLayer(op); });
    return success();
  }

private:
  static std::optional<int64_t> getCount(LayersOp layers) {
    auto count = dyn_cast<IntegerAttr>(layers.getCount());
    return count ? std::optional(count.getInt()) : std::nullopt;
  }

  static void setOneLayer(Operation *op) {
    Builder builder(op->getContext());
    if (auto loop = dyn_cast<LayersOp>(op))
      return loop.setCountAttr(builder.getI64IntegerAttr(1));
    auto weight = cast<WeightOp>(op);
    weight.setLayers(1);
    weight.removeStridesAttr();
  }
};

struct ReductionPatterns : DialectReductionPatternInterface {
  explicit ReductionPatterns(Dialect *dialect)
      : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &patterns) const final {
    patterns.add<ForwardOperand, SkipLayers, KeepOneLayer>(
        patterns.getContext());
  }
};

} // namespace

void quipu::registerReductionPatterns(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, QuipuDialect *dialect) {
    dialect->addInterfaces<ReductionPatterns>();
  });
}
