//===- RunOptions.cpp - How a command runs the model ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/RunOptions.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Progress.h"
#include <climits>

using namespace quipu;

void RunOptions::addTo(std::vector<Option> &options,
                       const abi::Program &program) {
  const char *run = "How it runs";
  if (program.createEngine)
    options.push_back({run, 0, "device", "N", Integer{&device, 0, INT_MAX},
                       "Run on GPU number N (default: 0)."});
  else
    options.push_back({run, 't', "threads", "N",
                       Integer{&threads, 1, Session::maxThreads},
                       "Run on N threads (default: one for each core that the "
                       "process may use). The output does not depend on it."});
  options.insert(
      options.end(),
      {{run, 'c', "context", "N", Integer{&context, 1, abi::maxContext},
        "Positions of a text and what continues it together (default: " +
            std::to_string(program.context) + ")."},
       {run, 0, "cache-type", "TYPE",
        Choice{&cacheType, {"f16", "f32", "q8_0"}},
        "How keys and values are kept: f16; f32, which is exact and twice as "
        "large; or q8_0, blocks of 8-bit numbers, about half as large "
        "(default: f16)."},
       {run, 0, "chunk", "N", Integer{&chunk, 1, INT_MAX},
        "Read texts in chunks of at most N tokens (default: the program's "
        "largest). The output does not depend on it: this is to test that."},
       {run, 'v', "verbose", "", Switch{&isVerbose},
        "Print a line of statistics to standard error at the end."}});
}

SessionOptions RunOptions::session(int32_t sequences) const {
  auto or0 = [](const std::optional<int64_t> &value) {
    return static_cast<int32_t>(value.value_or(0));
  };
  return {
      .context = or0(context),
      .sequences = sequences,
      .chunk = or0(chunk),
      .cacheType = static_cast<abi::CacheType>(cacheType),
      .engine = {.threads = or0(threads), .pin = true, .device = or0(device)}};
}

std::string RunOptions::start(const abi::Program &program, int32_t sequences,
                              std::unique_ptr<Session> &made) const {
  Loading loading(isVerbose);
  SessionOptions options = session(sequences);
  if (options.context > program.context)
    note("--context " + std::to_string(options.context) + " is more than the " +
         std::to_string(program.context) +
         " positions that this program was made for: what is far apart may not "
         "be understood");
  options.engine.loading = [&](uint64_t done, uint64_t total) {
    loading.update(done, total);
  };
  return Session::create(program, options, made).message;
}
