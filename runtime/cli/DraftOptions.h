//===- DraftOptions.h - How a command guesses ahead -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_DRAFTOPTIONS_H
#define QUIPU_RUNTIME_CLI_DRAFTOPTIONS_H

#include "runtime/cli/RunOptions.h"
#include "runtime/generate/speculative/Drafter.h"

namespace quipu {

class Tokenizer;

class DraftOptions {
public:
  static constexpr char heading[] = "Guessing ahead, which changes the speed "
                                    "and never the text";

  void addTo(std::vector<Option> &options);
  /// The program of --draft.
  const std::optional<std::string> &program() const { return draft; }
  bool given() const { return lookup || draft; }

  /// Returns a sentence about what failed, or nothing. To be called before a
  /// session is made, which binds this thread to a CPU: children inherit that.
  std::string start(const abi::Program &program, int32_t entry,
                    const Tokenizer *tokenizer, const RunOptions &runs);
  /// Null if there is none.
  Drafter *drafter() const { return made.get(); }

private:
  bool lookup = false;
  std::optional<std::string> draft;
  std::unique_ptr<Drafter> made;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_DRAFTOPTIONS_H
