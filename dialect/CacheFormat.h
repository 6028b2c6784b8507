//===- CacheFormat.h - Types of a cache and their codes ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_CACHEFORMAT_H
#define QUIPU_DIALECT_CACHEFORMAT_H

#include "abi/Abi.h"
#include "dialect/Quipu.h"
#include "mlir/IR/Builders.h"

namespace quipu {

/// The element type of a cache of 8-bit blocks.
inline mlir::Type getCacheQ8(mlir::MLIRContext *context) {
  return BlockType::get(context, findWeightFormat("Q8_0"));
}

/// The code of a cache's element type; none for a type that no cache has.
inline std::optional<abi::CacheType> getCacheFormat(mlir::Type element) {
  if (element.isF16())
    return abi::CacheType::F16;
  if (element.isF32())
    return abi::CacheType::F32;
  if (element == getCacheQ8(element.getContext()))
    return abi::CacheType::Q8_0;
  return std::nullopt;
}

/// The element types that all caches of a model may have.
inline llvm::SmallVector<mlir::Type> getCacheElements(ModelOp model) {
  mlir::Builder builder(model.getContext());
  llvm::SmallVector<mlir::Type> types{builder.getF16Type(),
                                      builder.getF32Type()};
  bool hasBlocks = llvm::all_of(model.getOps<StateOp>(), [](StateOp state) {
    PagesType pages = state.getPages();
    return !pages || (pages.getKeyDim() % abi::cacheBlock == 0 &&
                      pages.getValueDim() % abi::cacheBlock == 0);
  });
  if (hasBlocks)
    types.push_back(getCacheQ8(model.getContext()));
  return types;
}

/// One layer's keys and values in a page.
inline abi::KvLayout getKvLayout(CacheType cache) {
  return {*getCacheFormat(cache.getElementType()), cache.getHeads(),
          cache.getKeyDim(), cache.getValueDim(), cache.getValuesInKeys()};
}

} // namespace quipu

#endif // QUIPU_DIALECT_CACHEFORMAT_H
