//===- Prompt.h - From a text to what a model reads -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_PROMPT_H
#define QUIPU_RUNTIME_CLI_PROMPT_H

#include "runtime/cli/Arguments.h"
#include <string>
#include <vector>

namespace quipu {

class Tokenizer;

struct Prompt {
  std::vector<int32_t> ids;
  std::string echo; // what --echo prints before its continuation
};

/// Makes the prompt of --tokens, of a text or of standard input; `tokenizer`
/// may be null. Returns a sentence about what failed, or nothing.
std::string makePrompt(const Arguments &arguments, const abi::Entry &entry,
                       const Tokenizer *tokenizer, Prompt &prompt);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_PROMPT_H
