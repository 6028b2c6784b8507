//===- Generation.h - How a checkpoint's texts go on ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GENERATION_H
#define QUIPU_COMPILER_FRONTEND_GENERATION_H

#include "abi/Abi.h"
#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// What a checkpoint says of the texts that its model writes.
struct Generation {
  abi::Sampling sampling;
  std::vector<int32_t> ends; // tokens that end a text
};

/// The prefix of GGUF's keys about samplers: "general.sampling.temp".
inline constexpr llvm::StringLiteral samplingPrefix = "general.sampling.";

/// The tokens that end a text of a folder's model: a list, which GGUF has no
/// key for.
inline constexpr llvm::StringLiteral endsKey = "tokenizer.ggml.eos_token_ids";

/// Sets what the key general.sampling.NAME stands for. Returns what the value
/// should have been, if it is something else; false if there is no such key
/// here.
std::variant<bool, std::string> setSampling(abi::Sampling &to,
                                            llvm::StringRef name,
                                            const MetadataValue &value);

/// Reads a checkpoint's keys. Of those that programs can do nothing with, and
/// of tokens that there are not, `warn` is told.
llvm::Expected<Generation>
readGeneration(const Checkpoint &checkpoint, int64_t vocabulary,
               llvm::function_ref<void(const llvm::Twine &)> warn);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GENERATION_H
