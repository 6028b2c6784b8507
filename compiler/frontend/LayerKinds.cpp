//===- LayerKinds.cpp - A body for each kind of layer ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/LayerKinds.h"
#include "compiler/frontend/BoundParameters.h"
#include "dialect/LayerSets.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;

/// Erases the op that makes `value` if nobody reads it, and then what that one
/// has read. What nobody reads of a cache need not be written.
static void eraseUnread(Value value) {
  SmallVector<Value> open{value};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || !op->use_empty() ||
        !(isOpTriviallyDead(op) || isa<CacheWriteOp>(op)))
      continue;
    // Of an operand that is there twice the op may be gone the second time.
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      if (!llvm::is_contained(operands, operand))
        operands.push_back(operand);
    llvm::erase_if(open,
                   [&](Value other) { return other.getDefiningOp() == op; });
    op->erase();
    llvm::append_range(open, operands);
  }
}

static void resolve(ChooseOp choose, bool isFirst) {
  Value taken = isFirst ? choose.getValue() : choose.getOther();
  Value left = isFirst ? choose.getOther() : choose.getValue();
  choose.replaceAllUsesWith(taken);
  choose.erase();
  eraseUnread(left);
}

namespace {
/// The sets that one loop's layers are chosen by, and which layers they have.
using Sets = llvm::MapVector<StringAttr, SmallVector<bool>>;
/// Which of the sets a layer is in.
using Kind = SmallVector<bool>;

class Choices {
public:
  Choices(ModelOp model, BoundParameters &parameters) : parameters(parameters) {
    for (LayerSetOp set : model.getOps<LayerSetOp>())
      sets[set.getSymName()] = set;
  }

  /// By parameters.
  LogicalResult resolveGiven(StepOp step) {
    // One by one: what one leaves unread may be another.
    while (ChooseOp choose = findGiven(step)) {
      SmallVector<StringRef> named;
      FailureOr<Attribute> value =
          parameters.bind(choose, choose.getParamAttr(), named);
      if (failed(value))
        return failure();
      ::resolve(choose, !isa<UnitAttr>(*value));
    }
    return success();
  }

  /// By sets of layers.
  LogicalResult split(LayersOp layers) {
    SmallVector<StringRef> named;
    FailureOr<Attribute> count =
        parameters.bind(layers, layers.getCount(), named);
    if (failed(count))
      return failure();
    auto number = dyn_cast<IntegerAttr>(*count);
    if (!number || number.getInt() <= 0 || number.getInt() > maxLayers)
      return success(); // binding the op reports it
    Sets used;
    auto result = layers.walk([&](ChooseOp choose) {
      return WalkResult(find(choose, number.getInt(), used));
    });
    if (result.wasInterrupted())
      return failure();
    if (used.empty())
      return success();
    SmallVector<Kind> kinds(number.getInt(), Kind(used.size()));
    for (auto [i, set] : llvm::enumerate(used))
      for (auto [layer, isIn] : llvm::enumerate(set.second))
        kinds[layer][i] = isIn;
    copyBody(layers, Alternatives<Kind>(kinds), used);
    return success();
  }

private:
  static ChooseOp findGiven(StepOp step) {
    ChooseOp found;
    step.walk([&](ChooseOp choose) {
      found = choose.getParam() ? choose : found;
      return found ? WalkResult::interrupt() : WalkResult::advance();
    });
    return found;
  }

  LogicalResult find(ChooseOp choose, int64_t count, Sets &used) {
    StringAttr name = choose.getSetAttr().getAttr();
    if (used.contains(name))
      return success();
    LayerSetOp set = sets.lookup(name);
    if (!set)
      return choose.emitError("there is no quipu.layer_set @")
             << name.getValue();
    FailureOr<SmallVector<bool>> layers = parameters.find(set, count);
    if (failed(layers))
      return failure();
    used[name] = *layers;
    return success();
  }

  static void copyBody(LayersOp layers, const Alternatives<Kind> &kinds,
                       const Sets &used) {
    OpBuilder builder(layers);
    SmallVector<StringRef> names;
    SmallVector<std::string> texts;
    for (const Kind &kind : llvm::drop_begin(kinds.values))
      texts.push_back(getName(kind, used));
    llvm::append_range(names, texts);
    bool isOne = names.empty();
    auto copy = LayersOp::create(
        builder, layers.getLoc(), layers.getResult().getType(),
        layers.getPrefixAttr(), layers.getCount(), layers.getInit(),
        isOne ? ArrayAttr() : builder.getStrArrayAttr(names),
        isOne ? ArrayAttr() : getLayerSets(builder.getContext(), kinds.ofLayer),
        static_cast<unsigned>(kinds.values.size()));
    copy->setDiscardableAttrs(layers->getDiscardableAttrDictionary());
    for (auto [kind, body] : llvm::zip_equal(kinds.values, copy.getBodies())) {
      IRMapping mapping;
      layers.getBodies().front().cloneInto(&body, mapping);
      // One by one, again.
      auto first = [&]() -> ChooseOp {
        auto choices = body.front().getOps<ChooseOp>();
        return choices.empty() ? ChooseOp() : *choices.begin();
      };
      while (ChooseOp choose = first()) {
        const auto *set = used.find(choose.getSetAttr().getAttr());
        ::resolve(choose, kind[set - used.begin()]);
      }
    }
    llvm::SetVector<Value> outside;
    getUsedValuesDefinedAbove(layers.getBodies(), outside);
    layers.replaceAllUsesWith(copy.getResult());
    layers.erase();
    for (Value value : outside)
      eraseUnread(value);
  }

  /// The sets that it is in.
  static std::string getName(const Kind &kind, const Sets &used) {
    std::string name;
    for (auto [isIn, set] : llvm::zip_equal(kind, used))
      if (isIn)
        name += (name.empty() ? "" : "_") + set.first.str();
    return name.empty() ? "other" : name;
  }

  BoundParameters &parameters;
  llvm::StringMap<LayerSetOp> sets;
};
} // namespace

LogicalResult quipu::resolveChoices(StepOp step, ModelOp model,
                                    BoundParameters &parameters) {
  Choices choices(model, parameters);
  if (failed(choices.resolveGiven(step)))
    return failure();
  SmallVector<LayersOp> loops;
  step.walk([&](LayersOp layers) { loops.push_back(layers); });
  return success(llvm::all_of(loops, [&](LayersOp layers) {
    return succeeded(choices.split(layers));
  }));
}
