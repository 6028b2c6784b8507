//===- LayerSets.cpp - What differs from layer to layer -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/LayerSets.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace quipu;

ArrayAttr quipu::getLayerSets(MLIRContext *context,
                              ArrayRef<int64_t> alternatives) {
  SmallVector<SmallVector<int64_t>> layers;
  for (auto [layer, alternative] : llvm::enumerate(alternatives)) {
    if (alternative == 0)
      continue;
    layers.resize(std::max<size_t>(layers.size(), alternative));
    layers[alternative - 1].push_back(static_cast<int64_t>(layer));
  }
  return ArrayAttr::get(context, llvm::map_to_vector(layers, [&](auto &set) {
                          return Attribute(LayerSetAttr::get(context, set));
                        }));
}

int64_t quipu::findAlternative(ArrayAttr sets, int64_t layer) {
  if (!sets)
    return 0;
  for (auto [i, set] : llvm::enumerate(sets.getAsRange<LayerSetAttr>()))
    if (llvm::binary_search(set.getLayers(), layer))
      return static_cast<int64_t>(i) + 1;
  return 0;
}

std::string quipu::checkLayerSets(ArrayAttr sets, int64_t layers) {
  if (layers > maxLayers)
    return ("there are " + Twine(layers) + " layers, more than " +
            Twine(maxLayers))
        .str();
  llvm::DenseSet<int64_t> seen;
  for (auto set : sets.getAsRange<LayerSetAttr>())
    for (int64_t layer : set.getLayers()) {
      if (layer >= layers)
        return ("there is no layer " + Twine(layer) + " of " + Twine(layers))
            .str();
      if (!seen.insert(layer).second)
        return ("the layer " + Twine(layer) + " is there twice").str();
    }
  return "";
}
