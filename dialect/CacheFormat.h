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

/// The element types that a cache for heads of `dim` components may have.
inline llvm::SmallVector<mlir::Type>
getCacheElements(mlir::MLIRContext *context, int64_t dim) {
  mlir::Builder builder(context);
  llvm::SmallVector<mlir::Type> types{builder.getF16Type(),
                                      builder.getF32Type()};
  if (dim % abi::cacheBlock == 0)
    types.push_back(getCacheQ8(context));
  return types;
}

} // namespace quipu

#endif // QUIPU_DIALECT_CACHEFORMAT_H
