//===- MergedCheckpoint.h - A checkpoint with adapters ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_LORA_MERGEDCHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_LORA_MERGEDCHECKPOINT_H

#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// The checkpoint with what adapters, as '--lora' names them, add to its
/// weights. Formats stay; what is quantized is quantized again.
llvm::Expected<std::unique_ptr<Checkpoint>>
addAdapters(std::unique_ptr<Checkpoint> checkpoint,
            llvm::ArrayRef<std::string> adapters);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_LORA_MERGEDCHECKPOINT_H
