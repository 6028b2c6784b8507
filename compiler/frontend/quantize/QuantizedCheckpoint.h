//===- QuantizedCheckpoint.h - A checkpoint in fewer bits -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H

#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// What '--quantize' makes of the checkpoint.
llvm::Expected<std::unique_ptr<Checkpoint>>
quantize(std::unique_ptr<Checkpoint> checkpoint, llvm::StringRef text);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H
