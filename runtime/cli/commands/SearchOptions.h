//===- SearchOptions.h - What commands search an index for ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_COMMANDS_SEARCHOPTIONS_H
#define QUIPU_RUNTIME_CLI_COMMANDS_SEARCHOPTIONS_H

#include "runtime/cli/commands/Command.h"

namespace quipu {

/// The options of all commands that search an index.
struct SearchOptions {
  float leastScore;

  SearchOptions(int64_t usualPassages, float usualScore)
      : leastScore(usualScore), usualPassages(usualPassages) {}
  void addTo(std::vector<Option> &options);

  /// The index's name, once `takeText` has found one.
  std::string indexName() const { return index.value_or(""); }
  int64_t passages() const { return most.value_or(usualPassages); }
  /// The text to search for, of a call's words or of standard input. Returns a
  /// sentence about what is missing, or nothing.
  std::string takeText(const CommandCall &call, std::string &text) const;

private:
  std::optional<std::string> index;
  std::optional<int64_t> most;
  int64_t usualPassages;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_COMMANDS_SEARCHOPTIONS_H
