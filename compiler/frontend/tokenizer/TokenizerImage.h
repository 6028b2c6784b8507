//===- TokenizerImage.h - Put a tokenizer into a program --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERIMAGE_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERIMAGE_H

#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace quipu {

/// A tokenizer of a kind that programs cannot have.
class UnsupportedTokenizer
    : public llvm::ErrorInfo<UnsupportedTokenizer, llvm::StringError> {
public:
  using ErrorInfo::ErrorInfo;
  // NOLINTNEXTLINE(readability-identifier-naming): as ErrorInfo calls it
  static char ID;
};

/// The image that the runtime's Tokenizer works in, made of the checkpoint's
/// tokenizer.* keys, or of the tokenizer.json in its folder; see
/// abi/TokenizerImage.h. `vocabulary` is the number of rows of the model's
/// embedding. Empty when the checkpoint has no tokenizer; an error when it has
/// one that is broken, an UnsupportedTokenizer when it has one that images
/// cannot represent. `warn` is told of ids that no token has, which the image
/// leaves out.
llvm::Expected<std::vector<uint8_t>> buildTokenizerImage(
    const Checkpoint &checkpoint, int64_t vocabulary,
    llvm::function_ref<void(const llvm::Twine &)> warn = [](auto &) {});

/// The same of a tokenizer.json, a folder with one, or a GGUF file, whatever
/// model belongs to it; an error when there is none.
llvm::Expected<std::vector<uint8_t>> buildTokenizerImage(
    llvm::StringRef path,
    llvm::function_ref<void(const llvm::Twine &)> warn = [](auto &) {});

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_TOKENIZERIMAGE_H
