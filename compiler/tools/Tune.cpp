//===- Tune.cpp - Measures schedules on this machine ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A machine's speed drifts by more than what schedules differ by, so a
// candidate is never compared with a figure of some minutes ago: the program
// with the cost model's choices runs before each of its measurements. The
// winners come into one program in the end, and those that do not win again
// stay out of the file.
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Tune.h"
#include "compiler/target/Target.h"
#include "compiler/tools/Diagnostics.h"
#include "compiler/tools/Measurement.h"
#include "support/OutputFile.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace llvm;
using namespace quipu;

/// Of each kernel, counting the cost model's choice.
static constexpr unsigned candidates = 8;
/// Times that the winners' program and the cost model's run in turn.
static constexpr int confirmations = 3;
/// A winner takes less than this part of the time of the cost model's choice:
/// by so much two measurements of the same code differ.
static constexpr double worthwhile = 0.97;

namespace {
struct Program {
  std::string path;
  std::vector<TunedKernel> kernels; // with their schedules
};

class Tuning {
public:
  Tuning(const BuildArguments &arguments, ProgressBar &bar)
      : arguments(arguments), bar(bar) {}

  LogicalResult run();

private:
  LogicalResult check();
  /// Makes the folder for programs, beside the output.
  LogicalResult openFolder();
  std::string getPath(StringRef name) {
    return folder.path() + "/" + name.str();
  }
  /// Builds a program, of which the bar says `name`.
  LogicalResult buildProgram(const Twine &name, unsigned candidate,
                             Program &program, StringRef tunedFile = "");
  /// Runs the program and the cost model's in turn.
  LogicalResult compare(int rounds, Measurement &result);
  /// The kernel as the cost model has it and in `times`; null where none is.
  std::pair<const TunedKernel *, const TunedKernel *>
  findBoth(const TunedKernel &kernel, const Measurement &times) {
    return {findKernel(untunedTimes.kernels, kernel.shape, kernel.tokens),
            findKernel(times.kernels, kernel.shape, kernel.tokens)};
  }
  LogicalResult tryCandidate(unsigned candidate);
  /// Writes the file, builds with it, and takes out what has not won again.
  LogicalResult confirm();
  LogicalResult write(StringRef path);
  void printSummary();

  const BuildArguments &arguments;
  ProgressBar &bar;
  MeasurementOptions options;
  unsigned programs = 0;
  TemporaryFolder folder;
  Program untuned, program; // the cost model's, and another one
  Measurement untunedTimes;
  TunedSchedules tuned;
};
} // namespace

LogicalResult Tuning::check() {
  if (arguments.model.empty())
    return fail("there is no model; give a GGUF file or a Hugging Face folder: "
                "quipu tune MODEL -o "
                "FILE");
  if (arguments.output.empty())
    return fail("there is no name for the schedules; give one with '-o FILE'");
  Expected<std::vector<Target>> targets =
      Target::createVariants(arguments.target);
  if (!targets)
    return fail(targets.takeError());
  const Target &target = targets->front();
  const Backend &backend = getBackend(target);
  if (targets->size() > 1 || target.isCross() || !backend.hasCandidates())
    return fail("'--target " + arguments.target +
                "' cannot be tuned here; give native, a GPU's chip or another "
                "processor whose programs this machine runs");
  tuned.processor = target.getKernelProcessor();
  options.positions = backend.getStepTokens().back();
  options.hasThreads = !target.isGpu();
  tuned.lanes = target.getVectorLanes();
  tuned.compiler = getCompilerVersion().str();
  return success();
}

LogicalResult Tuning::openFolder() {
  RunFiles files;
  for (const std::string &file : findCheckpointFiles(arguments.model))
    files.addInput(file, "the model");
  files.addInput(arguments.spec, "the spec");
  std::string error =
      files.addOutput(arguments.output, "the file of schedules");
  OutputPlace place;
  if (error.empty())
    error = place.examine(arguments.output, /*standardOutput=*/false);
  if (error.empty())
    error = place.kind == OutputPlace::File ? folder.create(place.folder)
                                            : folder.create();
  untuned.path = getPath("untuned");
  program.path = getPath("program");
  return error.empty() ? success() : fail(error);
}

LogicalResult Tuning::buildProgram(const Twine &name, unsigned candidate,
                                   Program &program, StringRef tunedFile) {
  // Half of the time goes to measuring.
  double begin = programs++, all = candidates + 1;
  std::string part = name.str();
  bar.beginPart(part, begin / all, (begin + 0.5) / all);
  BuildArguments changed = arguments;
  changed.output = program.path;
  changed.context = options.positions;
  changed.candidate = candidate;
  changed.tuned = tunedFile.str();
  if (failed(build(changed, bar, &program.kernels)))
    return failure();
  bar.beginPart(part, (begin + 0.5) / all, (begin + 1) / all);
  bar.show("measuring", 0);
  return success();
}

LogicalResult Tuning::compare(int rounds, Measurement &result) {
  untunedTimes = Measurement();
  for (int round = 0; round < rounds; ++round)
    for (auto [what, to] :
         {std::pair(&untuned, &untunedTimes), std::pair(&program, &result)}) {
      Expected<Measurement> one =
          Measurement::run(what->path, what->kernels, options);
      if (!one)
        return fail(one.takeError());
      to->merge(*one);
      bar.show("measuring", (round + 0.5) / rounds);
    }
  return success();
}

LogicalResult Tuning::tryCandidate(unsigned candidate) {
  Measurement times;
  if (failed(buildProgram("candidate " + Twine(candidate + 1) + " of " +
                              Twine(candidates),
                          candidate, program)) ||
      failed(compare(1, times)))
    return failure();
  for (TunedKernel &kernel : tuned.kernels) {
    auto [before, after] = findBoth(kernel, times);
    if (!before || !after || after->schedule == before->schedule)
      continue;
    // Speeds are compared as parts of the cost model's at the same time.
    double part = double(after->nanoseconds) / double(before->nanoseconds);
    double best =
        double(kernel.nanoseconds) / double(kernel.untunedNanoseconds);
    if (part < std::min(best, worthwhile)) {
      kernel = *after;
      kernel.untunedNanoseconds = before->nanoseconds;
    }
  }
  return success();
}

LogicalResult Tuning::write(StringRef path) {
  std::string text;
  raw_string_ostream os(text);
  tuned.print(os);
  std::string error = writeFile(path.str(), text);
  return error.empty() ? success() : fail(error);
}

LogicalResult Tuning::confirm() {
  std::string file = getPath("tuned.json");
  Measurement times;
  if (failed(write(file)) ||
      failed(buildProgram("the winners", 0, program, file)) ||
      failed(compare(confirmations, times)))
    return failure();
  for (TunedKernel &kernel : tuned.kernels) {
    auto [before, after] = findBoth(kernel, times);
    if (!before || !after)
      continue;
    bool won = after->schedule != before->schedule &&
               after->nanoseconds < worthwhile * before->nanoseconds;
    kernel = won ? *after : *before;
    kernel.untunedNanoseconds = before->nanoseconds;
  }
  if (failed(write(arguments.output)))
    return failure();
  bar.clear();
  if (bar.isShown())
    printSummary();
  return success();
}

void Tuning::printSummary() {
  size_t winners = 0;
  std::map<int64_t, std::pair<int64_t, int64_t>> sums; // before and after
  for (const TunedKernel &kernel : tuned.kernels) {
    winners += kernel.nanoseconds < kernel.untunedNanoseconds;
    sums[kernel.tokens].first += kernel.untunedNanoseconds;
    sums[kernel.tokens].second += kernel.nanoseconds;
  }
  errs() << sys::path::filename(arguments.output) << ": " << winners << " of "
         << tuned.kernels.size() << " kernels are faster; linear layers take";
  StringRef separator = " ";
  for (auto [tokens, sum] : sums) {
    errs() << separator
           << format("%.1f %% less time for ",
                     100 - 100.0 * double(sum.second) / double(sum.first))
           << tokens << (tokens == 1 ? " token" : " tokens");
    separator = ", ";
  }
  errs() << '\n';
}

LogicalResult Tuning::run() {
  if (failed(check()) || failed(openFolder()) ||
      failed(buildProgram("candidate 1 of " + Twine(candidates), 0, untuned)))
    return failure();
  Expected<Measurement> times =
      Measurement::run(untuned.path, untuned.kernels, options);
  if (!times)
    return fail(times.takeError());
  tuned.kernels = std::move(times->kernels);
  for (TunedKernel &kernel : tuned.kernels)
    kernel.untunedNanoseconds = kernel.nanoseconds;
  for (unsigned candidate = 1; candidate < candidates; ++candidate)
    if (failed(tryCandidate(candidate)))
      return failure();
  return confirm();
}

LogicalResult quipu::tune(const BuildArguments &arguments, ProgressBar &bar) {
  return Tuning(arguments, bar).run();
}
