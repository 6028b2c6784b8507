//===- DraftProgram.h - Drafts from a second program ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROGRAM_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROGRAM_H

#include "runtime/engine/Session.h"
#include "runtime/generate/speculative/Drafter.h"
#include <sys/types.h>

namespace quipu {

class Tokenizer;
struct DraftGreeting;

/// Another of quipu's programs, for a smaller model with the same tokens. It is
/// a process of its own: it waits while this one computes, and the other way
/// round.
class DraftProgram : public Drafter {
public:
  explicit DraftProgram(std::string path) : path(std::move(path)) {}
  ~DraftProgram() override;

  /// Starts the program with the threads and the context of `options`. Returns
  /// a sentence if it cannot draft for this entry of `program`.
  std::string start(const abi::Program &program, const abi::Entry &entry,
                    const Tokenizer *tokenizer, const SessionOptions &options);

  std::string draft(const std::vector<int32_t> &text, int32_t most,
                    std::vector<int32_t> &drafted) override;

private:
  std::string spawn(const abi::Program &program, const SessionOptions &options);
  std::string greet(const DraftGreeting &expected);
  bool ask(const std::vector<int32_t> &text, int32_t most,
           std::vector<int32_t> &drafted);

  std::string path;
  int32_t tokenLimit = 0; // drafted tokens are below it
  pid_t process = -1;
  int requests = -1, answers = -1; // pipes
  std::vector<int32_t> known;      // to the program: text and its drafts
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROGRAM_H
