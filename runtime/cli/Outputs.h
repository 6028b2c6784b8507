//===- Outputs.h - Where the rows of outputs go -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_OUTPUTS_H
#define QUIPU_RUNTIME_CLI_OUTPUTS_H

#include "runtime/cli/Npy.h"
#include "runtime/engine/Session.h"
#include "support/CommandLine.h"
#include <memory>
#include <optional>
#include <vector>

namespace quipu {

/// Writes rows of an entry's outputs into files or prints them, and keeps the
/// last row of its logits. Asks for the rows that this needs.
class Outputs {
public:
  Outputs(const abi::Entry &entry, int32_t tokens)
      : entry(entry), tokens(tokens), files(entry.outputCount) {}

  /// Writes each output of the entry as folder/NAME.npy; the folder is made if
  /// there is none.
  Status writeAll(const std::string &folder);
  /// Writes one output to a file.
  Status write(int32_t output, const std::string &path);
  /// Prints the numbers of the entry's only output, a line for each row.
  Status printOnly();

  /// Of the prompt: its last token, or all if a file wants rows of all.
  int32_t selectedCount() const { return allSelected ? tokens : 1; }
  Status take(int32_t output, int32_t row, const float *numbers);
  /// Lets the files appear.
  Status finish();

  /// Of the last selected token, for an entry that has logits.
  const std::vector<float> &lastLogits() const { return logits; }

private:
  Status open(int32_t output, const std::string &path);

  const abi::Entry &entry;
  int32_t tokens;
  bool allSelected = false, prints = false;
  std::vector<std::unique_ptr<NpyWriter>> files; // [output], null: none
  std::vector<float> logits;
};

/// --outputs, to the folder for Outputs::writeAll.
Option outputsOption(std::optional<std::string> &folder);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_OUTPUTS_H
