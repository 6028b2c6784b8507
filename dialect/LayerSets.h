//===- LayerSets.h - What differs from layer to layer -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of several alternatives (formats of a weight, kernels of a launch) the first
// holds in all layers but some. An array of `LayerSetAttr`, one for each of the
// other alternatives, says in which.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_LAYERSETS_H
#define QUIPU_DIALECT_LAYERSETS_H

#include "dialect/Quipu.h"

namespace quipu {

/// What occurs in the layers, the most frequent first, and which of it each
/// layer has.
template <typename T> struct Alternatives {
  explicit Alternatives(llvm::ArrayRef<T> layers) {
    llvm::SmallVector<std::pair<int64_t, size_t>> order; // -count, first layer
    for (auto [layer, value] : llvm::enumerate(layers)) {
      auto *known = llvm::find_if(
          order, [&](auto entry) { return layers[entry.second] == value; });
      if (known == order.end())
        known = &order.emplace_back(0, layer);
      --known->first;
    }
    llvm::sort(order);
    for (auto [count, layer] : order)
      values.push_back(layers[layer]);
    for (const T &value : layers)
      ofLayer.push_back(llvm::find(values, value) - values.begin());
  }

  llvm::SmallVector<T> values;
  llvm::SmallVector<int64_t> ofLayer;
};

/// The array for alternatives given layer by layer; each but 0 must occur.
mlir::ArrayAttr getLayerSets(mlir::MLIRContext *context,
                             llvm::ArrayRef<int64_t> alternatives);

/// The alternative of `layer`; `sets` is null when there is one only.
int64_t findAlternative(mlir::ArrayAttr sets, int64_t layer);

/// No model has more, and a table of them is small.
inline constexpr int64_t maxLayers = 1 << 16;

/// Why `sets` does not say what holds in each of `layers` layers, or nothing.
std::string checkLayerSets(mlir::ArrayAttr sets, int64_t layers);

} // namespace quipu

#endif // QUIPU_DIALECT_LAYERSETS_H
