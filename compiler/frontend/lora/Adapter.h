//===- Adapter.h - What an adapter adds to weights --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_LORA_ADAPTER_H
#define QUIPU_COMPILER_FRONTEND_LORA_ADAPTER_H

#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/StringMap.h"

namespace quipu {

/// What is added to a weight, [outputs, inputs]: scale * b * a.
struct LowRankUpdate {
  int64_t outputs, inputs, rank;
  float scale;
  std::vector<float> a; // [rank, inputs]
  std::vector<float> b; // [outputs, rank], rows in GGUF's order
};

/// By the weights' names in GGUF.
using Adapter = llvm::StringMap<LowRankUpdate>;

/// Reads an adapter for a checkpoint: a GGUF file, or a PEFT folder. `text` is
/// its path, and may go on with "=SCALE".
llvm::Expected<Adapter> readAdapter(llvm::StringRef text,
                                    const Checkpoint &base);
/// The files that an adapter is read from.
std::vector<std::string> findAdapterFiles(llvm::StringRef text);

// The two kinds.
llvm::Expected<Adapter> readGgufAdapter(llvm::StringRef path,
                                        const Checkpoint &base);
llvm::Expected<Adapter> readPeftAdapter(llvm::StringRef folder,
                                        const Checkpoint &base);

/// An update of two matrices, a [rank, inputs] and b [outputs, rank]. An error
/// that begins with `where` if they do not fit, or there is no such weight.
llvm::Expected<LowRankUpdate> makeUpdate(const llvm::Twine &where,
                                         const Checkpoint &base,
                                         llvm::StringRef weight,
                                         const CheckpointTensor &a,
                                         const CheckpointTensor &b);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_LORA_ADAPTER_H
