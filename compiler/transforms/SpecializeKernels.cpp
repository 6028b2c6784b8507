//===- SpecializeKernels.cpp - A kernel for each mix of formats -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/KernelGroup.h"
#include "compiler/transforms/Passes.h"
#include "dialect/LayerSets.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_SPECIALIZEKERNELS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {

/// One format for each mixed weight.
using Combination = SmallVector<Type>;

/// ".q8_0", or ".q4_0.q8_0" when the weights differ.
std::string getSuffix(const Combination &formats) {
  std::string suffix;
  for (Type format : llvm::SetVector<Type>(formats.begin(), formats.end())) {
    std::string text;
    llvm::raw_string_ostream(text) << format;
    suffix += "." + StringRef(text).substr(text.rfind('.') + 1).str();
  }
  return suffix;
}

/// The layers in which a launch runs one of its kernels, by number.
SmallVector<int64_t> getLayersOf(LaunchOp launch, int64_t number) {
  auto loop = cast<LayersOp>(launch->getParentOp());
  SmallVector<int64_t> layers = loop.getLayersOf(launch->getBlock());
  llvm::erase_if(layers, [&](int64_t layer) {
    return findAlternative(launch.getOverrideLayersAttr(), layer) != number;
  });
  return layers;
}

/// One kernel whose weights differ from layer to layer.
class Specialization {
public:
  Specialization(KernelOp kernel, SymbolTable &symbols)
      : kernel(kernel), symbols(symbols) {
    forEachWeight(kernel, [&](Operation *, StringAttr, WeightAttr weight) {
      auto declared = symbols.lookup<WeightOp>(weight.getSymbol().getValue());
      if (declared && declared.isMixed() &&
          weight.getType() == declared.getTypeOfUses())
        mixed.insert(declared);
    });
  }

  bool isNeeded() const { return !mixed.empty(); }

  /// Makes the kernel that of the most frequent combination, adds one for each
  /// other, and says so in `launches`, all there are of the kernel.
  /// Launches of a kernel are in the layers of its weights, as their verifier
  /// says.
  void run(MutableArrayRef<LaunchOp> launches) {
    SmallVector<SmallVector<int64_t>> layers; // in which each launch runs it
    SmallVector<Combination> ofLayers;        // all of these
    for (LaunchOp launch : launches) {
      SmallVector<FlatSymbolRefAttr> kernels = launch.getKernels();
      int64_t number = llvm::find(kernels, getName()) - kernels.begin();
      layers.push_back(getLayersOf(launch, number));
      llvm::append_range(ofLayers,
                         llvm::map_range(layers.back(), [&](int64_t layer) {
                           return getCombination(layer);
                         }));
    }
    Alternatives<Combination> combinations(ofLayers);
    OpBuilder builder(kernel.getContext());
    builder.setInsertionPointAfter(kernel);
    SmallVector<FlatSymbolRefAttr> variants{getName()};
    for (const Combination &formats : llvm::drop_begin(combinations.values)) {
      auto variant = cast<KernelOp>(builder.clone(*kernel));
      variant.setSymName((kernel.getSymName() + getSuffix(formats)).str());
      variants.push_back(FlatSymbolRefAttr::get(symbols.insert(variant)));
      setFormats(variant, formats);
    }
    setFormats(kernel, combinations.values.front());
    ArrayRef<int64_t> alternatives = combinations.ofLayer;
    for (auto [launch, own] : llvm::zip_equal(launches, layers)) {
      SmallVector<FlatSymbolRefAttr> kernels = launch.getKernelsOfLayers();
      for (auto [layer, alternative] :
           llvm::zip_equal(own, alternatives.take_front(own.size())))
        kernels[layer] = variants[alternative];
      alternatives = alternatives.drop_front(own.size());
      launch.setKernelsOfLayers(kernels);
    }
  }

private:
  static void
  forEachWeight(KernelOp kernel,
                function_ref<void(Operation *, StringAttr, WeightAttr)> visit) {
    kernel.walk([&](Operation *op) {
      for (NamedAttribute attribute : op->getAttrs())
        if (auto weight = dyn_cast<WeightAttr>(attribute.getValue()))
          visit(op, attribute.getName(), weight);
    });
  }

  FlatSymbolRefAttr getName() { return FlatSymbolRefAttr::get(kernel); }

  Combination getCombination(int64_t layer) {
    return Combination(llvm::map_range(mixed, [&](WeightOp weight) {
      return weight.getLayerType(layer).getElementType();
    }));
  }

  void setFormats(KernelOp variant, const Combination &formats) {
    forEachWeight(variant, [&](Operation *op, StringAttr attribute,
                               WeightAttr weight) {
      for (auto [declared, format] : llvm::zip_equal(mixed, formats))
        if (WeightOp(declared).getSymName() == weight.getSymbol().getValue())
          op->setAttr(attribute, WeightAttr::get(
                                     op->getContext(), weight.getSymbol(),
                                     RankedTensorType::get(
                                         weight.getType().getShape(), format)));
    });
    variant.walk(chooseInput);
    // A prologue may quantise for no one now.
    eraseDeadOps(variant.getBody().front());
  }

  /// Of an input's two forms, that for the one format of the weight.
  static void chooseInput(LinearOp linear) {
    Value quantized = linear.getQuantized();
    if (!quantized)
      return;
    if (isBlockFormat(linear.getWeight().getType().getElementType()))
      linear.getInputMutable().assign(quantized);
    linear.getQuantizedMutable().clear();
  }

  KernelOp kernel;
  SymbolTable &symbols;
  llvm::SetVector<WeightOp> mixed;
};

struct SpecializeKernels
    : quipu::impl::SpecializeKernelsBase<SpecializeKernels> {
  void runOnOperation() override {
    getOperation().walk([&](ModelOp model) {
      SymbolTable symbols(model);
      llvm::StringMap<SmallVector<LaunchOp>> launches;
      model.walk([&](LaunchOp launch) {
        for (FlatSymbolRefAttr kernel : launch.getKernels())
          launches[kernel.getValue()].push_back(launch);
      });
      for (KernelOp kernel :
           llvm::make_early_inc_range(model.getOps<KernelOp>())) {
        Specialization specialization(kernel, symbols);
        SmallVector<LaunchOp> own = launches.lookup(kernel.getSymName());
        if (specialization.isNeeded() && !own.empty())
          specialization.run(own);
      }
      return WalkResult::skip();
    });
  }
};
} // namespace
