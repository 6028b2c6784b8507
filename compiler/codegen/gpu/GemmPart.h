//===- GemmPart.h - What a thread has of a product's tile -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_GEMMPART_H
#define QUIPU_COMPILER_CODEGEN_GPU_GEMMPART_H

#include "compiler/codegen/gpu/Panels.h"

namespace quipu::gpu {

/// What a warp has of a task's outputs: 8 features of a multiple of 8 tokens.
/// As the tensor cores leave them, lane 4 f + t has feature f of tokens 2 t and
/// 2 t + 1 of each eight: two numbers of every eight tokens, in their order.
class GemmPart {
public:
  /// Features from `feature` on, below `features`, of `eights` eights of tokens
  /// from `token` on, below `tokens`; `isRagged` says that the features may not
  /// all be there.
  GemmPart(DeviceBuilder &b, mlir::Value lane, mlir::Value token,
           mlir::Value tokens, int64_t eights, mlir::Value feature,
           int64_t features, bool isRagged);

  /// Numbers of a thread.
  size_t size() const { return 2 * eights; }
  /// The thread's feature, or another one that can be read.
  mlir::Value getFeature() const;
  mlir::Value getToken(size_t number) const;

  /// The thread's numbers in f32, of the rows that begin at `first`. Those of
  /// tokens that do not exist are any.
  Values load(const ActivationRows &rows, mlir::Value first) const;
  void store(const ActivationRows &rows, mlir::Value first,
             mlir::ValueRange numbers) const;

private:
  void storeWords(const ActivationRows &rows, mlir::Value first,
                  mlir::ValueRange numbers) const;
  void storeHalves(const ActivationRows &rows, mlir::Value first,
                   mlir::ValueRange pairs) const;
  mlir::Value isThere(mlir::Value token, mlir::Value feature) const;

  DeviceBuilder &b;
  mlir::Value token, feature; // of the thread's first number
  /// Of its first pair of features when an eight's matrix is transposed.
  mlir::Value pairToken, pairFeature;
  mlir::Value tokens, isWhole;
  int64_t eights, features;
  bool isRagged;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_GEMMPART_H
