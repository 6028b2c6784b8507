//===- QuantizeActivations.cpp - rounded inputs of linear layers ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/Targets.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

/// The spec's line without the name of the value that it defines.
static Location getUnnamed(Location location) {
  auto named = dyn_cast<NameLoc>(location);
  return named ? named.getChildLoc() : location;
}

namespace {
struct QuantizeActivations
    : quipu::impl::QuantizeActivationsBase<QuantizeActivations> {
  bool hasBF16Dot = false;

  /// What dot products of the weight multiply it by; null for f32.
  Type getInputElement(RankedTensorType weight) {
    if (llvm::any_of(getFormats(weight.getElementType()), isBlockFormat))
      return I8BlockType::get(&getContext());
    bool hasPairs =
        weight.getElementType().isBF16() && weight.getShape().back() % 2 == 0;
    return hasBF16Dot && hasPairs ? weight.getElementType() : Type();
  }

  /// Whether other layers have the weight in floats, and need the f32 input.
  static bool isInSomeLayers(Type element, RankedTensorType weight) {
    return isa<I8BlockType>(element) &&
           !llvm::all_of(getFormats(weight.getElementType()), isBlockFormat);
  }

  void runOnOperation() override {
    if (isForReference(getOperation()))
      return;
    SmallVector<Attribute> targets = getTargets(getOperation());
    hasBF16Dot = !targets.empty() && llvm::all_of(targets, [](Attribute cpu) {
      return cast<CpuAttr>(cpu).hasBF16Dot();
    });
    // One quantisation serves all linear layers of an input: q, k and v.
    DenseMap<std::pair<Value, Type>, Value> quantized;
    getOperation().walk([&](LinearOp linear) {
      RankedTensorType weight = linear.getWeight().getType();
      auto input = dyn_cast<RankedTensorType>(linear.getInput().getType());
      if (!weight || !input || !input.getElementType().isF32())
        return;
      Type element = getInputElement(weight);
      if (!element)
        return;
      Value &value = quantized[{linear.getInput(), element}];
      if (!value) {
        // Where the input is defined, so that a reader outside of this one's
        // region sees it, too.
        OpBuilder builder(linear);
        builder.setInsertionPointAfterValue(linear.getInput());
        value = QuantizeOp::create(
            builder, getUnnamed(linear.getLoc()), linear.getInput(),
            element.isBF16() ? TypeAttr::get(element) : TypeAttr());
      }
      if (isInSomeLayers(element, weight))
        linear.getQuantizedMutable().assign(value);
      else
        linear.getInputMutable().assign(value);
    });
  }
};
} // namespace
