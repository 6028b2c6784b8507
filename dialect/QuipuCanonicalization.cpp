//===- QuipuCanonicalization.cpp - Rewrites to simpler ops ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Quipu.h"
#include "mlir/IR/PatternMatch.h"
#include <cmath>

using namespace mlir;
using namespace quipu;

/// The product of two factors; none when one is a parameter's name, or when f32
/// does not hold the product at full precision.
static std::optional<double> multiply(Attribute a, Attribute b) {
  auto x = dyn_cast<FloatAttr>(a), y = dyn_cast<FloatAttr>(b);
  if (!x || !y)
    return std::nullopt;
  double product = x.getValueAsDouble() * y.getValueAsDouble();
  if (!std::isnormal(static_cast<float>(product)))
    return std::nullopt;
  return product;
}

static bool hasProduct(Attribute a, Attribute b) {
  return multiply(a, b).has_value();
}

static Attribute getProduct(Builder &builder, Attribute a, Attribute b) {
  return builder.getF64FloatAttr(*multiply(a, b));
}

#include "dialect/QuipuCanonicalization.cpp.inc"

namespace {
/// gather(f(x, y), rows) is f(gather(x, rows), gather(y, rows)) when f looks at
/// one token at a time: the rows that nobody gathers are not computed.
struct GatherBefore : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp gather,
                                PatternRewriter &rewriter) const override {
    Operation *op = gather.getInput().getDefiningOp();
    if (!op || !op->hasTrait<Tokenwise>() ||
        op->getBlock() != gather->getBlock())
      return rewriter.notifyMatchFailure(gather, "of no op on single tokens");
    if (auto linear = dyn_cast<LinearOp>(op); linear && linear.getIds())
      return rewriter.notifyMatchFailure(gather, "ids come from a top_k");
    if (!llvm::all_of(op->getUsers(), llvm::IsaPred<GatherOp>))
      return rewriter.notifyMatchFailure(gather, "all rows are read elsewhere");
    rewriter.setInsertionPoint(gather);
    IRMapping rows;
    for (Value operand : op->getOperands())
      if (!rows.contains(operand))
        rows.map(operand, GatherOp::create(rewriter, gather.getLoc(), operand,
                                           gather.getRows()));
    Operation *copy = rewriter.clone(*op, rows);
    copy->getResult(0).setType(gather.getType());
    rewriter.replaceOp(gather, copy);
    return success();
  }
};
} // namespace

void QuipuDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  populateWithGenerated(patterns);
  patterns.add<GatherBefore>(getContext());
}
