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
// Most of the time goes into building where a GPU runs the programs, since each
// is compiled by one thread: there they are built side by side, which takes no
// time from the GPU. They hold no weights.
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Tune.h"
#include "compiler/target/Target.h"
#include "compiler/tools/Diagnostics.h"
#include "compiler/tools/Measurement.h"
#include "support/OutputFile.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"
#include <chrono>
#include <map>
#include <mutex>

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

  bool hasSchedulesOf(const Program &other) const {
    return llvm::all_of(kernels, [&](const TunedKernel &kernel) {
      const TunedKernel *same =
          findKernel(other.kernels, kernel.shape, kernel.tokens);
      return same && same->schedule == kernel.schedule;
    });
  }
};

class Stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  }

private:
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

class Tuning {
public:
  Tuning(const BuildArguments &arguments, std::optional<int64_t> seconds,
         ProgressBar &bar)
      : arguments(arguments), limit(seconds), bar(bar) {}

  LogicalResult run();

private:
  LogicalResult check();
  /// Makes the folder for programs, beside the output.
  LogicalResult openFolder();
  std::string getPath(StringRef name) {
    return folder.path() + "/" + name.str();
  }
  std::string getCandidatePath(size_t i) {
    return getPath("candidate" + std::to_string(i));
  }
  /// The bar's next part is so many halves of a program's time, of which it is
  /// built in one and measured in the other.
  void beginPart(const Twine &name, unsigned halves);
  LogicalResult buildProgram(unsigned candidate, Program &program,
                             ProgressBar &bar, StringRef tunedFile = "");
  /// Builds and measures the cost model's choices.
  LogicalResult measureUntuned();
  /// Those that there is time for, side by side.
  LogicalResult buildCandidates(unsigned first, MutableArrayRef<Program> to);
  /// Whether another candidate, and the confirmation, would end too late.
  bool isTimeOver() const {
    return limit && watch.seconds() + needed > static_cast<double>(*limit);
  }
  /// Runs the program and the cost model's in turn.
  LogicalResult compare(const Program &program, int rounds,
                        Measurement &result);
  /// The kernel as the cost model has it and in `times`; null where none is.
  std::pair<const TunedKernel *, const TunedKernel *>
  findBoth(const TunedKernel &kernel, const Measurement &times) {
    return {findKernel(untunedTimes.kernels, kernel.shape, kernel.tokens),
            findKernel(times.kernels, kernel.shape, kernel.tokens)};
  }
  LogicalResult tryCandidate(const Program &program);
  LogicalResult tryCandidates();
  /// Builds the winners' program, if there are any, takes out what does not win
  /// again, and writes the file.
  LogicalResult confirm();
  /// To the output, that which an interrupted run leaves, if it is a file.
  LogicalResult writeSoFar() {
    return isFile ? write(arguments.output) : success();
  }
  LogicalResult write(StringRef path);
  void printSummary();

  const BuildArguments &arguments;
  std::optional<int64_t> limit; // in seconds
  ProgressBar &bar;
  Stopwatch watch;
  double needed = 0; // seconds, for a candidate and the confirmation
  MeasurementOptions options;
  unsigned halvesBegun = 0;
  /// Programs that are built side by side.
  unsigned together = 1;
  std::optional<uint64_t> randomSeed;
  bool isFile = false; // the output
  TemporaryFolder folder;
  Program untuned; // the cost model's
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
  randomSeed = arguments.randomSeed;
  if (target.isGpu()) {
    together = candidates - 1;
    if (!randomSeed)
      randomSeed = 1;
  }
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
  isFile = place.kind == OutputPlace::File;
  if (error.empty())
    error = isFile ? folder.create(place.folder) : folder.create();
  untuned.path = getPath("untuned");
  return error.empty() ? success() : fail(error);
}

void Tuning::beginPart(const Twine &name, unsigned halves) {
  constexpr double all = 2 * (candidates + 1);
  std::string part = name.str();
  bar.beginPart(part, halvesBegun / all, (halvesBegun + halves) / all);
  halvesBegun += halves;
}

LogicalResult Tuning::buildProgram(unsigned candidate, Program &program,
                                   ProgressBar &bar, StringRef tunedFile) {
  BuildArguments changed = arguments;
  changed.output = program.path;
  changed.context = options.positions;
  changed.candidate = candidate;
  changed.randomSeed = randomSeed;
  changed.tuned = tunedFile.str();
  // Of the others' losses nobody needs to hear.
  changed.warns = &program == &untuned;
  return build(changed, bar, &program.kernels);
}

LogicalResult Tuning::measureUntuned() {
  std::string name = "candidate 1 of " + std::to_string(candidates);
  beginPart(name, 1);
  Stopwatch building;
  if (failed(buildProgram(0, untuned, bar)))
    return failure();
  needed = building.seconds();
  beginPart(name, 1);
  bar.show("measuring", 0);
  Stopwatch measuring;
  Expected<Measurement> times =
      Measurement::run(untuned.path, untuned.kernels, options);
  if (!times)
    return fail(times.takeError());
  needed += (2 + 2 * confirmations) * measuring.seconds();
  tuned.kernels = std::move(times->kernels);
  for (TunedKernel &kernel : tuned.kernels)
    kernel.untunedNanoseconds = kernel.nanoseconds;
  return success();
}

LogicalResult Tuning::buildCandidates(unsigned first,
                                      MutableArrayRef<Program> to) {
  std::string name = "candidate " + std::to_string(first + 1);
  if (to.size() > 1)
    name = "candidates " + std::to_string(first + 1) + " to " +
           std::to_string(first + to.size());
  beginPart(Twine(name) + " of " + Twine(candidates), to.size());
  bar.show("building", 0);
  ThreadPoolStrategy threads = hardware_concurrency(to.size());
  threads.Limit = true;
  DefaultThreadPool pool(threads);
  std::mutex mutex; // of these:
  size_t done = 0, count = to.size();
  bool allBuilt = true;
  for (auto [i, program] : llvm::enumerate(to)) {
    program.path = getCandidatePath(i);
    pool.async([&, candidate = first + i, to = &program] {
      if (isTimeOver())
        return;
      ProgressBar silent(/*shown=*/false);
      bool isBuilt = succeeded(buildProgram(candidate, *to, silent));
      std::scoped_lock lock(mutex);
      allBuilt &= isBuilt;
      bar.show("building", double(++done) / double(count));
    });
  }
  pool.wait();
  return success(allBuilt);
}

LogicalResult Tuning::compare(const Program &program, int rounds,
                              Measurement &result) {
  untunedTimes = Measurement();
  for (int round = 0; round < rounds; ++round)
    for (auto [what, to] : {std::pair(&std::as_const(untuned), &untunedTimes),
                            std::pair(&program, &result)}) {
      bar.show("measuring", double(round) / rounds);
      Expected<Measurement> one =
          Measurement::run(what->path, what->kernels, options);
      if (!one)
        return fail(one.takeError());
      to->merge(*one);
    }
  return success();
}

LogicalResult Tuning::tryCandidate(const Program &program) {
  Measurement times;
  if (failed(compare(program, 1, times)))
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
  return writeSoFar();
}

LogicalResult Tuning::tryCandidates() {
  for (unsigned candidate = 1; candidate < candidates;) {
    std::vector<Program> programs(std::min(together, candidates - candidate));
    if (failed(buildCandidates(candidate, programs)))
      return failure();
    for (const Program &program : programs) {
      // Time that is over once stays so: all before are built.
      if (isTimeOver()) {
        bar.clear();
        warn("'--time " + Twine(*limit) + "' ends the search after " +
             Twine(candidate) + " of " + Twine(candidates) + " candidates");
        return success();
      }
      beginPart("candidate " + Twine(++candidate) + " of " + Twine(candidates),
                1);
      // A kernel that has no more candidates has the cost model's choice.
      if (!program.hasSchedulesOf(untuned) && failed(tryCandidate(program)))
        return failure();
    }
  }
  return success();
}

LogicalResult Tuning::confirm() {
  auto hasWon = [](const TunedKernel &kernel) {
    return kernel.nanoseconds < kernel.untunedNanoseconds;
  };
  if (llvm::none_of(tuned.kernels, hasWon))
    return write(arguments.output);
  std::string file = getPath("tuned.json");
  // In place of a candidate, as there may not be room for three.
  Program program{getCandidatePath(0), {}};
  Measurement times;
  if (failed(write(file)))
    return failure();
  beginPart("the winners", 1);
  if (failed(buildProgram(0, program, bar, file)))
    return failure();
  beginPart("the winners", 1);
  if (failed(compare(program, confirmations, times)))
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
  return write(arguments.output);
}

LogicalResult Tuning::write(StringRef path) {
  std::string text;
  raw_string_ostream os(text);
  tuned.print(os);
  std::string error = writeFile(path.str(), text);
  return error.empty() ? success() : fail(error);
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
  if (failed(check()) || failed(openFolder()) || failed(measureUntuned()) ||
      failed(tryCandidates()) || failed(confirm()))
    return failure();
  bar.clear();
  if (bar.isShown())
    printSummary();
  return success();
}

LogicalResult quipu::tune(const BuildArguments &arguments,
                          std::optional<int64_t> seconds, ProgressBar &bar) {
  return Tuning(arguments, seconds, bar).run();
}
