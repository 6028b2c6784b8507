//===- Prompt.h - From a text to what a model has read ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_PROMPT_H
#define QUIPU_RUNTIME_CLI_PROMPT_H

#include "runtime/cli/Outputs.h"
#include "support/CommandLine.h"
#include <optional>
#include <string>
#include <vector>

namespace quipu {

class Tokenizer;
struct CommandCall;

/// What becomes the prompt.
struct PromptSource {
  std::optional<std::string> text;   // none: standard input
  std::optional<std::string> option; // --prompt
  std::optional<std::string> tokens; // ids instead
  bool special = false;              // control tokens may be written out
  bool chat = false;
  std::optional<std::string> system; // of a chat

  /// Adds --prompt, --tokens and --special.
  void addTo(std::vector<Option> &options);
  /// Takes the words of a call; returns a sentence about one too many, or
  /// nothing.
  std::string takeWords(const CommandCall &call);
};

struct Prompt {
  std::vector<int32_t> ids;
  std::string text; // as it was given

  int32_t count() const { return static_cast<int32_t>(ids.size()); }
};

/// Makes the prompt; `tokenizer` may be null. Returns a sentence about what
/// failed, or nothing.
std::string makePrompt(const PromptSource &source, const abi::Entry &entry,
                       const Tokenizer *tokenizer, Prompt &prompt);

/// Runs the prompt for an entry, unless Ctrl-C is pressed, and gives `outputs`
/// its rows.
Status readPrompt(Session &session, int32_t entry, const Prompt &prompt,
                  Outputs &outputs);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_PROMPT_H
