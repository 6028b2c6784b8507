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
  /// What all targets round the input to; null for f32.
  static Type getInputElement(ArrayRef<Attribute> targets,
                              RankedTensorType weight) {
    SmallVector<Type> elements(llvm::map_range(targets, [&](Attribute target) {
      return cast<TargetAttrInterface>(target).getInputElement(weight);
    }));
    return !elements.empty() && llvm::all_equal(elements) ? elements[0]
                                                          : Type();
  }

  /// Whether other layers have the weight in floats, and need the f32 input.
  static bool isInSomeLayers(Type element, RankedTensorType weight) {
    return isa<I8BlockType>(element) &&
           !llvm::all_of(getFormats(weight.getElementType()), isBlockFormat);
  }

  void runOnOperation() override {
    SmallVector<Attribute> targets = getTargets(getOperation());
    // One quantisation serves all linear layers of an input: q, k and v.
    // An input has a row for each expert that a token has chosen, or one.
    DenseMap<std::pair<Value, Type>, Value> quantized, ofEach;
    getOperation().walk([&](LinearOp linear) {
      RankedTensorType weight = linear.getWeight().getType();
      auto input = dyn_cast<RankedTensorType>(linear.getInput().getType());
      if (!weight || !input || !input.getElementType().isF32())
        return;
      Type element = getInputElement(targets, weight);
      if (!element)
        return;
      bool each = linear.hasRowPerChoice();
      Value &value = (each ? ofEach : quantized)[{linear.getInput(), element}];
      if (!value) {
        // Where the input is defined, so that a reader outside of this one's
        // region sees it, too.
        OpBuilder builder(linear);
        builder.setInsertionPointAfterValue(linear.getInput());
        value = QuantizeOp::create(
            builder, getUnnamed(linear.getLoc()), linear.getInput(), each,
            isa<FloatType>(element) ? TypeAttr::get(element) : TypeAttr());
      }
      if (isInSomeLayers(element, weight))
        linear.getQuantizedMutable().assign(value);
      else
        linear.getInputMutable().assign(value);
    });
  }
};
} // namespace
