//===- GgufData.h - Whether the weights of a file are read ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GGUF_GGUFDATA_H
#define QUIPU_COMPILER_FRONTEND_GGUF_GGUFDATA_H

namespace quipu {

/// Whether a file's tensors have data. Where they are unused, the file may end
/// before them, and CheckpointTensor::data is empty.
enum class GgufData { IsUsed, IsUnused };

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GGUF_GGUFDATA_H
