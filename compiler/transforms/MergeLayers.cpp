//===- MergeLayers.cpp - One body for layers that differ in kernels -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Passes.h"
#include "dialect/LayerSets.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_MERGELAYERS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
/// The launches of a body, if it has nothing else but its end.
std::optional<SmallVector<LaunchOp>> getLaunches(Block *body) {
  SmallVector<LaunchOp> launches;
  for (Operation &op : body->without_terminator()) {
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch || launch.getKernelOverrides())
      return std::nullopt;
    launches.push_back(launch);
  }
  return launches;
}

/// One loop whose layers have several bodies.
class LayerMerging {
public:
  LayerMerging(LayersOp layers, SymbolTable &symbols,
               const llvm::StringMap<int64_t> &launchCounts)
      : layers(layers), symbols(symbols), launchCounts(launchCounts) {}

  void run() {
    // Each body joins the first one that it is like.
    for (Block *body : layers.getBlocks())
      if (llvm::none_of(kept, [&](Block *first) { return join(first, body); }))
        keep(body);
    if (kept.size() == layers.getBodies().size())
      return;
    remark::passed(layers.getLoc(),
                   remark::RemarkOpts::name("merged").category("merge-layers"))
        << "of " << remark::metric("bodies", layers.getBodies().size())
        << " kinds of layers " << remark::metric("kept", kept.size())
        << " differ in more than kernels";
    replaceLoop();
  }

private:
  void keep(Block *body) {
    SmallVector<int64_t> own = layers.getLayersOf(body);
    for (LaunchOp launch : body->getOps<LaunchOp>())
      kernels[launch] = launch.getKernelsOfLayers();
    for (int64_t layer : own)
      bodyOf[layer] = kept.size();
    kept.push_back(body);
  }

  /// Has the launches of `first` do what those of `body` do in its layers;
  /// false when the bodies differ in more than kernels and in what these read
  /// from outside of the layers.
  bool join(Block *first, Block *body) {
    auto launches = getLaunches(first), others = getLaunches(body);
    IRMapping mapping;
    if (!launches || !others ||
        !match(*launches, *others, first, body, mapping))
      return false;
    SmallVector<int64_t> own = layers.getLayersOf(body);
    for (auto [launch, other] : llvm::zip_equal(*launches, *others)) {
      joinInputs(launch, other, mapping);
      for (int64_t layer : own)
        kernels[launch][layer] = other.getKernelAttr();
    }
    unsigned number = llvm::find(kept, first) - kept.begin();
    for (int64_t layer : own)
      bodyOf[layer] = number;
    return true;
  }

  bool match(MutableArrayRef<LaunchOp> launches,
             MutableArrayRef<LaunchOp> others, Block *first, Block *body,
             IRMapping &mapping) {
    if (launches.size() != others.size())
      return false;
    mapping.map(body->getArgument(0), first->getArgument(0));
    for (auto [launch, other] : llvm::zip_equal(launches, others)) {
      if (!llvm::equal(launch.getResultTypes(), other.getResultTypes(),
                       areAlike))
        return false;
      auto isInside = [&](Value value) {
        return llvm::is_contained({first, body}, value.getParentBlock());
      };
      SmallVector<Value> inputs = getMapped(other.getInputs(), mapping);
      if (!llvm::equal(llvm::make_filter_range(launch.getInputs(), isInside),
                       llvm::make_filter_range(inputs, isInside)) ||
          (inputs != llvm::to_vector(launch.getInputs()) &&
           !(canChange(launch) && canChange(other))))
        return false;
      mapping.map(other.getResults(), launch.getResults());
    }
    return mapping.lookup(body->getTerminator()->getOperand(0)) ==
           first->getTerminator()->getOperand(0);
  }

  static SmallVector<Value> getMapped(ValueRange values, IRMapping &mapping) {
    return llvm::map_to_vector(
        values, [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  /// Whether the launch's kernel may get operands that it does not read: nobody
  /// else launches it, and it does not divide its work in a way of its own.
  bool canChange(LaunchOp launch) {
    auto kernel = symbols.lookup<KernelOp>(launch.getKernel());
    return launchCounts.lookup(launch.getKernel()) == 1 &&
           llvm::none_of(kernel.getBody().front(), [](Operation &op) {
             auto fusing = dyn_cast<FusionInterface>(op);
             return fusing && fusing.getFusionRole() == FusionRole::Whole;
           });
  }

  /// Gives both launches' kernels the inputs of either.
  void joinInputs(LaunchOp launch, LaunchOp other, IRMapping &mapping) {
    SmallVector<Value> own(launch.getInputs());
    SmallVector<Value> mapped = getMapped(other.getInputs(), mapping);
    if (own == mapped)
      return;
    llvm::SetVector<Value> all(own.begin(), own.end());
    all.insert(mapped.begin(), mapped.end());
    // The launch may have become several kernels.
    llvm::SetVector<Attribute> changed(kernels[launch].begin(),
                                       kernels[launch].end());
    for (Attribute kernel : changed)
      setInputs(
          symbols.lookup<KernelOp>(cast<FlatSymbolRefAttr>(kernel).getValue()),
          own, all.getArrayRef());
    setInputs(symbols.lookup<KernelOp>(other.getKernel()), mapped,
              all.getArrayRef());
    launch.getInputsMutable().assign(all.getArrayRef());
  }

  /// Has `kernel`, which takes `before`, take `inputs`, among which those are.
  static void setInputs(KernelOp kernel, ArrayRef<Value> before,
                        ArrayRef<Value> inputs) {
    Block &body = kernel.getBody().front();
    SmallVector<Type> types;
    for (Value input : inputs) {
      auto place = llvm::find(before, input) - before.begin();
      bool isKnown = place < static_cast<int64_t>(before.size());
      Type type = isKnown ? body.getArgument(place).getType() : input.getType();
      BlockArgument argument = body.addArgument(type, input.getLoc());
      types.push_back(type);
      if (!isKnown)
        continue;
      argument.setLoc(body.getArgument(place).getLoc());
      body.getArgument(place).replaceAllUsesWith(argument);
    }
    body.eraseArguments(0, before.size());
    kernel.setFunctionType(
        FunctionType::get(kernel.getContext(), types, kernel.getResultTypes()));
  }

  /// By one that has the kept bodies.
  void replaceLoop() {
    OpBuilder builder(layers);
    SmallVector<Attribute> kinds;
    for (Block *body : llvm::drop_begin(kept))
      kinds.push_back(
          (*layers.getKinds())[body->getParent()->getRegionNumber() - 1]);
    SmallVector<int64_t> bodies;
    for (int64_t layer : llvm::seq<int64_t>(bodyOf.size()))
      bodies.push_back(bodyOf.lookup(layer));
    auto copy = LayersOp::create(
        builder, layers.getLoc(), layers.getResult().getType(),
        layers.getPrefixAttr(), layers.getCount(), layers.getInit(),
        kinds.empty() ? ArrayAttr() : builder.getArrayAttr(kinds),
        kinds.empty() ? ArrayAttr()
                      : getLayerSets(builder.getContext(), bodies),
        static_cast<unsigned>(kept.size()));
    copy->setDiscardableAttrs(layers->getDiscardableAttrDictionary());
    for (auto [body, region] : llvm::zip_equal(kept, copy.getBodies()))
      region.takeBody(*body->getParent());
    for (auto &[launch, names] : kernels)
      cast<LaunchOp>(launch).setKernelsOfLayers(names);
    layers.replaceAllUsesWith(copy.getResult());
    layers.erase();
  }

  LayersOp layers;
  SymbolTable &symbols;
  const llvm::StringMap<int64_t> &launchCounts;
  SmallVector<Block *> kept;
  DenseMap<int64_t, unsigned> bodyOf; // of each layer, its number among these
  llvm::MapVector<Operation *, SmallVector<FlatSymbolRefAttr>> kernels;
};

struct MergeLayers : quipu::impl::MergeLayersBase<MergeLayers> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
      SymbolTable symbols(model);
      llvm::StringMap<int64_t> launchCounts;
      SmallVector<LayersOp> loops;
      model.walk([&](Operation *op) {
        if (auto launch = dyn_cast<LaunchOp>(op))
          for (FlatSymbolRefAttr kernel : launch.getKernels())
            ++launchCounts[kernel.getValue()];
        else if (auto layers = dyn_cast<LayersOp>(op);
                 layers && layers.getOverrideLayers())
          loops.push_back(layers);
      });
      for (LayersOp layers : loops)
        LayerMerging(layers, symbols, launchCounts).run();
    });
  }
};
} // namespace
