//===- GrammarOptions.h - What a continuation has to be ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_GRAMMAROPTIONS_H
#define QUIPU_RUNTIME_CLI_GRAMMAROPTIONS_H

#include "abi/Abi.h"
#include "runtime/generate/grammar/Constraint.h"
#include "support/CommandLine.h"
#include <optional>

namespace quipu {

/// The options of commands that continue texts which keep them to a grammar.
class GrammarOptions {
public:
  void addTo(std::vector<Option> &options);

  bool isGiven() const { return grammar || schema; }
  /// Reads the file that is given, for texts of an entry that gives logits.
  /// Returns a sentence about what failed, or nothing.
  std::string start(const abi::Program &program, int32_t entry,
                    const Tokenizer *tokenizer);
  /// Null without a file.
  Constraint *constraint() { return kept ? &*kept : nullptr; }

private:
  std::optional<std::string> grammar, schema; // files
  std::optional<TokenTrie> trie;
  std::optional<Constraint> kept;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_GRAMMAROPTIONS_H
