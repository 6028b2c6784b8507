//===- SamplingOptions.h - How a command chooses the next token -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_SAMPLINGOPTIONS_H
#define QUIPU_RUNTIME_CLI_SAMPLINGOPTIONS_H

#include "abi/Abi.h"
#include "runtime/generate/Sampler.h"
#include "support/CommandLine.h"
#include <vector>

namespace quipu {

/// The options of all commands that continue texts.
class SamplingOptions {
public:
  void addTo(std::vector<Option> &options, const abi::Program &program);

  /// `chat`: what is made is an answer, which must end.
  SamplerOptions get(const abi::Program &program, bool chat) const;

private:
  SamplerOptions sampler;
  std::optional<int64_t> seed, topK;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_SAMPLINGOPTIONS_H
