//===- Arguments.h - What a program is asked to do --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_ARGUMENTS_H
#define QUIPU_RUNTIME_CLI_ARGUMENTS_H

#include "abi/Abi.h"
#include "runtime/engine/Session.h"
#include "runtime/generate/Sampler.h"
#include <optional>
#include <string>

namespace quipu {

/// A program's command line, checked.
struct Arguments {
  bool help = false, version = false, verbose = false;
  std::optional<std::string> prompt;  // none: standard input
  std::optional<std::string> tokens;  // ids instead of a prompt
  int32_t entry = 0;                  // index into Program::entries
  std::optional<std::string> logits;  // where to write the prompt's
  std::optional<std::string> outputs; // the folder to write all outputs into
  bool chat = false, special = false;
  std::optional<std::string> system;
  bool echo = false, ignoreEos = false;
  int64_t length = -1; // tokens to generate; -1: until the text ends
  SamplerOptions sampler;
  SessionOptions session;
  bool lookup = false;
  std::optional<std::string> draft; // a program
  bool drafter = false;
  bool bench = false, json = false, kernels = false;
  int32_t prefill = 512, decode = 128, depth = 0, batch = 1;

  /// Returns a sentence about the first error, or nothing.
  std::string parse(int argc, const char *const *argv,
                    const abi::Program &program);
};

/// What --help prints, about one entry of a program started as `name`, and what
/// --version does.
std::string helpText(const abi::Program &program, int32_t entry,
                     const std::string &name);
std::string versionText(const abi::Program &program);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_ARGUMENTS_H
