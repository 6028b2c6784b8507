//===- SpecialTokens.h - Tokens known by their names ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_SPECIALTOKENS_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_SPECIALTOKENS_H

#include "llvm/ADT/StringRef.h"
#include <optional>

namespace quipu {

/// Checkpoints often call a control token an ordinary one, or do not say that
/// it ends the model's turn. llama.cpp tells by the name, and so does this:
/// none when the name means nothing, otherwise the token is a control token and
/// the value tells whether it ends the generation.
std::optional<bool> findControlName(llvm::StringRef name);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_SPECIALTOKENS_H
