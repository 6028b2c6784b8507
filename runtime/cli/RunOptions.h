//===- RunOptions.h - How a command runs the model --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_RUNOPTIONS_H
#define QUIPU_RUNTIME_CLI_RUNOPTIONS_H

#include "runtime/engine/Session.h"
#include "support/CommandLine.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quipu {

/// The options of all commands that run the model.
class RunOptions {
public:
  void addTo(std::vector<Option> &options, const abi::Program &program);

  bool verbose() const { return isVerbose; }
  SessionOptions session(int32_t sequences = 1) const;
  /// Makes a session, and shows how weights come to a GPU. Returns a sentence
  /// about what failed, or nothing.
  std::string start(const abi::Program &program, int32_t sequences,
                    std::unique_ptr<Session> &session) const;

private:
  std::optional<int64_t> threads, device, context, chunk;
  int32_t cacheType = 0;
  bool isVerbose = false;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_RUNOPTIONS_H
