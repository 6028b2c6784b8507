//===- CacheFormat.h - Types of a cache and their codes ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CACHEFORMAT_H
#define QUIPU_COMPILER_CODEGEN_CACHEFORMAT_H

#include "dialect/Quipu.h"
#include "mlir/IR/Builders.h"
#include "runtime/Abi.h"

namespace quipu {

/// The code of a cache's element type; none for a type that no cache has.
inline std::optional<abi::CacheType> getCacheFormat(mlir::Type element) {
  if (element.isF16())
    return abi::CacheType::F16;
  if (element.isF32())
    return abi::CacheType::F32;
  if (mlir::isa<Q8_0Type>(element))
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
    types.push_back(Q8_0Type::get(context));
  return types;
}

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_CACHEFORMAT_H
