//===- TokenChoice.h - Functions that choose the next tokens ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What abi/TokenChoice.h describes. Tokens are those that the runtime's Sampler
// draws from the same logits and state: the arithmetic is the same, operation
// by operation.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_TOKENCHOICE_H
#define QUIPU_COMPILER_CODEGEN_GPU_TOKENCHOICE_H

#include "compiler/codegen/gpu/DeviceBuilder.h"

namespace quipu::gpu {

struct TokenChoiceShape {
  int64_t vocabulary; // logits of a row
  int64_t rowBytes;   // from a row of logits to the next
  int64_t pools;      // of pages
  /// Inputs that rise by one from token to token, number `firstAxis` and
  /// behind.
  int64_t firstAxis = 0, axes = 0;

  /// Blocks for a row of `choose`.
  int64_t parts() const;
  /// Whether one block can bring all candidates of a row together.
  bool fits() const;
};

struct TokenChoiceLaunch {
  unsigned threads;
  unsigned blocks; // that fit on a multiprocessor
  int64_t sharedBytes;
};

/// The parameters of both functions.
struct TokenChoiceArguments {
  mlir::Value args, output, choices;
};

TokenChoiceLaunch getChoose(const TokenChoiceShape &shape);
TokenChoiceLaunch getAdvance(const TokenChoiceShape &shape);

/// Emit the functions' bodies, in kernels of so many threads.
void emitChoose(DeviceBuilder &builder, const TokenChoiceShape &shape,
                const TokenChoiceArguments &arguments);
void emitAdvance(DeviceBuilder &builder, const TokenChoiceShape &shape,
                 const TokenChoiceArguments &arguments);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_TOKENCHOICE_H
