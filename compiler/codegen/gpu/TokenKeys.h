//===- TokenKeys.h - The greatest logits of a block -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_TOKENKEYS_H
#define QUIPU_COMPILER_CODEGEN_GPU_TOKENKEYS_H

#include "abi/TokenChoice.h"
#include "compiler/codegen/gpu/DeviceBuilder.h"

namespace quipu::gpu {

/// Emits what a block does with keys, of which each thread has some. A key is
/// an i64: the logit as a number of the same order, and the token, of which a
/// lower one is greater. No logit's key is 0, and no two are equal.
class TokenKeys {
public:
  static constexpr int64_t bytes = 8, mostKept = abi::maxDeviceTopK;
  /// Where a block has what in shared memory, in bytes: the list of the
  /// greatest keys, and the same sorted.
  static constexpr int64_t list = 256, sorted = list + mostKept * bytes,
                           end = sorted + mostKept * bytes;

  TokenKeys(DeviceBuilder &builder, unsigned threads)
      : b(builder), threads(threads) {}

  mlir::Value get(mlir::Value logit, mlir::Value token);
  mlir::Value getToken(mlir::Value key);
  mlir::Value getLogit(mlir::Value key);
  /// Key number `index` (i32 or i64) of an array.
  mlir::Value at(mlir::Value keys, mlir::Value index);
  mlir::Value shared(int64_t place);

  /// The greatest key of all threads, in the first warp.
  mlir::Value reduceBlock(llvm::ArrayRef<mlir::Value> keys);
  /// Makes a list of the `mostKept` greatest keys of all threads, in any order;
  /// 0 where there are fewer.
  void keepGreatest(llvm::ArrayRef<mlir::Value> keys);
  /// Sorts that list, the greatest first; what is behind the last key is
  /// undefined.
  void sort();

private:
  using Value = mlir::Value;
  /// Of warps: keys, or counts of two turns; and how many keys the list has.
  static constexpr int64_t sums = 0, count = 128;

  Value truncate(Value number);
  Value join(Value high, Value low);
  Value maxKey(Value x, Value y);
  Value notLess(Value x, Value y);
  Value reduceWarp(Value key);
  Value countFrom(llvm::ArrayRef<Value> keys, Value bound, Value turn);
  Value findLast(llvm::ArrayRef<Value> keys);

  DeviceBuilder &b;
  unsigned threads;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_TOKENKEYS_H
