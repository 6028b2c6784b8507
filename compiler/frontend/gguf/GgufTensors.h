//===- GgufTensors.h - The tensor section of a GGUF file --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GGUF_GGUFTENSORS_H
#define QUIPU_COMPILER_FRONTEND_GGUF_GGUFTENSORS_H

#include "compiler/frontend/ByteReader.h"
#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// Bytes of the smallest tensor description: a name of one byte, one dimension.
inline constexpr uint64_t ggufMinimumTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

/// Reads `count` tensor descriptions from where the reader stands and finds
/// their data, which begins at the next multiple of `alignment` (a power of
/// two) in the file. No two tensors have the same name or share bytes.
llvm::Expected<std::vector<CheckpointTensor>>
readGgufTensors(ByteReader &reader, uint64_t count, uint64_t alignment,
                TensorData data);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GGUF_GGUFTENSORS_H
