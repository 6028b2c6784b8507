//===- Measurement.cpp - What a program measures of itself ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Measurement.h"
#include "support/Subprocess.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace quipu;

void Measurement::merge(const Measurement &other) {
  for (const TunedKernel &kernel : other.kernels)
    if (TunedKernel *known = findKernel(kernels, kernel.shape, kernel.tokens))
      known->nanoseconds = std::min(known->nanoseconds, kernel.nanoseconds);
    else
      kernels.push_back(kernel);
}

namespace {
/// A kernel of the report.
struct Launch {
  TunedKernel kernel;
  int64_t calls = 0;
};

bool fromJSON(const json::Value &value, Launch &launch, json::Path path) {
  json::ObjectMapper map(value, path);
  TunedKernel &kernel = launch.kernel;
  return map && map.map("shape", kernel.shape) &&
         map.map("tokens", kernel.tokens) && map.map("calls", launch.calls) &&
         map.map("measured_nanoseconds", kernel.nanoseconds);
}
} // namespace

static Expected<Measurement> parse(StringRef report,
                                   ArrayRef<TunedKernel> built) {
  Expected<json::Value> value = json::parse(report);
  if (!value)
    return value.takeError();
  json::Path::Root root("--bench --json");
  json::ObjectMapper map(*value, root);
  Measurement result;
  std::vector<Launch> launches;
  if (!map || !map.map("kernels", launches))
    return root.getError();
  for (auto &[kernel, calls] : launches) {
    kernel.nanoseconds *= calls;
    if (TunedKernel *known =
            findKernel(result.kernels, kernel.shape, kernel.tokens))
      known->nanoseconds += kernel.nanoseconds;
    else if (const TunedKernel *same =
                 findKernel(built, kernel.shape, kernel.tokens);
             same && !kernel.shape.empty()) {
      kernel.schedule = same->schedule;
      result.kernels.push_back(kernel);
    }
  }
  return result;
}

Expected<Measurement> Measurement::run(StringRef program,
                                       ArrayRef<TunedKernel> built,
                                       const MeasurementOptions &options) {
  MemoryFile report;
  std::string text, error = report.create();
  int status = 0;
  std::vector<std::string> arguments{"--bench",
                                     "--kernels",
                                     "--json",
                                     "--prefill",
                                     std::to_string(options.positions),
                                     "--decode",
                                     "16"};
  if (options.hasThreads)
    arguments.insert(arguments.end(), {"--threads", "1"});
  if (error.empty())
    error = quipu::run({.program = program.str(),
                        .arguments = std::move(arguments),
                        .output = report.descriptor(),
                        .errors = report.descriptor()},
                       status);
  if (error.empty())
    error = report.read(text);
  if (error.empty() && status == 0)
    return parse(text, built);
  if (error.empty())
    error = StringRef(text).rtrim().split("error: ").second.str();
  return createStringError("the program cannot measure itself on this "
                           "machine: " +
                           error);
}
