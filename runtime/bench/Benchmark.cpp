//===- Benchmark.cpp - Measuring a program's speed ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/bench/Benchmark.h"
#include "abi/DeviceCall.h"
#include "runtime/bench/KernelTable.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Workers.h"
#include "runtime/generate/Sampler.h"
#include <algorithm>
#include <numeric>

using namespace quipu;

/// Each measurement is repeated; the median counts.
static constexpr int repetitions = 3;

/// Ids that are the same in every run.
static std::vector<int32_t> someTokens(int32_t count, int32_t vocabulary) {
  std::vector<int32_t> tokens(count);
  uint32_t state = 1;
  for (int32_t &token : tokens) {
    state = state * 1664525 + 1013904223;
    token = static_cast<int32_t>((state >> 8) % uint32_t(vocabulary));
  }
  return tokens;
}

namespace {
struct Work {
  int32_t entry;
  int32_t depth;         // tokens that come before, not measured
  int32_t count;         // tokens
  int32_t together;      // the most in one call
  int32_t sequences = 1; // that all do this, side by side if one by one
  /// Who chooses a token by each step's logits. The engine's are read next;
  /// otherwise it is given tokens.
  enum { Nobody, Host, Engine } chooser = Nobody;
};
} // namespace

/// Always the most probable token.
static abi::SamplerState getGreedy() { return Sampler({}).state(); }

static Status run(Session &session, const Work &work, double &seconds) {
  std::vector<int32_t> tokens =
      someTokens(std::max(work.depth, work.count),
                 getTokenLimit(session.program().entries[work.entry]));
  Session::RowReader read;
  if (work.chooser == Work::Host)
    read = [&](int32_t output, int32_t, const float *numbers) {
      const abi::Entry &entry = session.program().entries[work.entry];
      Sampler({}).choose(numbers, entry.outputs[output].width);
      return Status{};
    };
  auto step = [&](int32_t sequence, int32_t begin, int32_t count) {
    return session.step({.tokens = &tokens[begin],
                         .count = count,
                         .sequence = sequence,
                         .selectedCount = 1,
                         .entry = work.entry},
                        read);
  };
  std::vector<int32_t> ids(work.sequences), same(work.sequences);
  std::iota(ids.begin(), ids.end(), 0);
  auto stepAll = [&](int32_t token) {
    std::fill(same.begin(), same.end(), token);
    return session.step({.tokens = same.data(),
                         .count = work.sequences,
                         .sequences = ids.data(),
                         .selectedCount = work.sequences,
                         .entry = work.entry},
                        read);
  };
  for (int32_t id : ids) {
    session.forget(id, work.depth);
    if (int32_t length = session.length(id); length < work.depth)
      if (Status status = step(id, length, work.depth - length); !status.ok())
        return status;
  }
  std::vector<Continuation> texts;
  texts.reserve(ids.size());
  for (int32_t id : ids)
    texts.push_back({id, tokens[0], getGreedy()});
  double start = now();
  if (work.chooser == Work::Engine) {
    Status status =
        session.generate(texts, work.entry, work.count,
                         [](std::span<const int32_t>) { return true; });
    seconds = now() - start;
    return status;
  }
  for (int32_t begin = 0; begin < work.count; begin += work.together) {
    int32_t size = std::min(work.together, work.count - begin);
    Status status =
        work.sequences == 1 ? step(0, begin, size) : stepAll(tokens[begin]);
    if (!status.ok())
      return status;
  }
  seconds = now() - start;
  return {};
}

/// The median tokens per second.
static Status measure(Session &session, const Work &work,
                      double &tokensPerSecond) {
  std::vector<double> seconds;
  // The first run is to warm up: pages, caches, clock.
  for (int i = 0; i <= repetitions; ++i) {
    double time;
    if (Status status = run(session, work, time); !status.ok())
      return status;
    if (i > 0)
      seconds.push_back(time);
  }
  tokensPerSecond =
      static_cast<double>(work.count) * work.sequences / median(seconds);
  return {};
}

/// Times the kernels of the entry's steps for this type of cache, in full calls
/// that want the logits of one token.
static Status measureKernels(Session &session, const BenchmarkOptions &options,
                             std::vector<KernelTimer> &timers) {
  constexpr int32_t maxCalls = 32;
  const abi::Variant &variant = session.variant();
  for (int32_t i = 0; i < variant.stepCount; ++i) {
    const abi::Step &step = variant.steps[i];
    bool decodes = step.tokens == 1;
    int32_t calls = (decodes ? options.decode : options.prefill) / step.tokens;
    if (step.entry != options.entry || step.cacheType != session.cacheType() ||
        calls == 0)
      continue;
    Work work{options.entry, decodes ? options.depth : 0,
              std::min(calls, maxCalls) * step.tokens, step.tokens};
    double seconds;
    // One call is to warm up.
    Status status = run(
        session, {work.entry, work.depth, step.tokens, step.tokens}, seconds);
    if (!status.ok())
      return status;
    session.setTimer(
        &timers.emplace_back(step, work.depth + (work.count + 1) / 2));
    status = run(session, work, seconds);
    session.setTimer(nullptr);
    if (!status.ok())
      return status;
  }
  return {};
}

/// The median seconds that it takes all workers to meet.
static double measureBarrier(Workers &workers) {
  constexpr int32_t meetings = 200;
  std::vector<double> seconds;
  for (int i = 0; i < 15; ++i) {
    double start = now();
    workers.run([&](int32_t, int32_t) {
      for (int32_t meeting = 0; meeting < meetings; ++meeting)
        quipu_barrier(workers.barrierHandle());
    });
    seconds.push_back((now() - start) / meetings);
  }
  return median(seconds);
}

static std::string format(const char *pattern, double value) {
  char buffer[64];
  snprintf(buffer, sizeof(buffer), pattern, value);
  return buffer;
}

static std::string quote(const char *text) {
  std::string result = "\"";
  for (; *text; ++text) {
    unsigned char c = *text;
    char buffer[8];
    if (c < 0x20) {
      snprintf(buffer, sizeof(buffer), "\\u%04x", c);
      result += buffer;
      continue;
    }
    if (c == '"' || c == '\\')
      result += '\\';
    result += static_cast<char>(c);
  }
  return result + "\"";
}

namespace {
/// Of the whole program, and of the machine beside it.
struct Speed {
  double prefill = 0, decode = 0; // tokens per second
  double steps = 0;     // decoding where the host chooses, and the engine could
  double bandwidth = 0; // bytes per second
  double barrier = 0;   // seconds; 0 where no threads meet
  // Of products of matrices, per second, for a prompt and at most; 0 where that
  // is not known.
  double operations = 0, matrixPeak = 0;

  Status measure(Session &session, const BenchmarkOptions &options);
  std::string table(const abi::Program &program,
                    const BenchmarkOptions &options) const;
  /// Members of an object, each with a comma behind it.
  std::string json(const abi::Program &program,
                   const BenchmarkOptions &options) const;

private:
  bool hasMatrixShare() const { return operations > 0 && matrixPeak > 0; }
  /// What decoding reads of the bandwidth, the weights once for all sequences.
  double share(const abi::Program &program, int32_t batch) const {
    return static_cast<double>(program.bytesPerToken) * decode / batch /
           bandwidth;
  }
};
} // namespace

Status Speed::measure(Session &session, const BenchmarkOptions &options) {
  Status status = ::measure(
      session, {options.entry, 0, options.prefill, options.prefill}, prefill);
  Work work{options.entry, options.depth, options.decode, 1, options.batch};
  if (session.canGenerate(options.entry, options.batch, getGreedy())) {
    work.chooser = Work::Host;
    if (status.ok())
      status = ::measure(session, work, steps);
    work.chooser = Work::Engine;
  }
  if (status.ok())
    status = ::measure(session, work, decode);
  if (status.ok())
    status = session.engine().measureBandwidth(bandwidth);
  if (Workers *workers = session.engine().workers(); workers && status.ok())
    barrier = measureBarrier(*workers);
  return status;
}

std::string Speed::table(const abi::Program &program,
                         const BenchmarkOptions &options) const {
  return "  prefill          " + format("%10.1f", prefill) + " tokens/s  (" +
         std::to_string(options.prefill) + " tokens)\n" +
         "  decode           " + format("%10.1f", decode) + " tokens/s  (" +
         std::to_string(options.decode) + " tokens" +
         (options.depth ? " after " + std::to_string(options.depth) : "") +
         (options.batch > 1
              ? ", " + std::to_string(options.batch) + " sequences"
              : "") +
         ")\n" +
         (steps > 0 ? "  step by step     " + format("%10.1f", steps) +
                          " tokens/s  (tokens chosen by the host)\n"
                    : "") +
         "  weights read     " +
         format("%10.1f", static_cast<double>(program.bytesPerToken) / 1e6) +
         " MB/token\n" + "  memory bandwidth " +
         format("%10.1f", bandwidth / 1e9) + " GB/s\n  decode reads     " +
         format("%10.1f", 100 * share(program, options.batch)) +
         " % of the bandwidth\n" +
         (hasMatrixShare()
              ? "  matrix peak      " + format("%10.1f", matrixPeak / 1e12) +
                    " TFLOP/s, by the clock\n  prefill computes " +
                    format("%10.1f", 100 * operations / matrixPeak) +
                    " % of the matrix peak\n"
              : "") +
         (barrier > 0 ? "  barrier          " +
                            format("%10.2f", barrier * 1e6) + " us\n"
                      : "");
}

std::string Speed::json(const abi::Program &program,
                        const BenchmarkOptions &options) const {
  return "\"prefill_tokens_per_second\": " + format("%.3f", prefill) +
         ", \"decode_tokens_per_second\": " + format("%.3f", decode) +
         (steps > 0 ? ", \"step_tokens_per_second\": " + format("%.3f", steps)
                    : "") +
         ", \"prefill_tokens\": " + std::to_string(options.prefill) +
         ", \"decode_tokens\": " + std::to_string(options.decode) +
         ", \"depth\": " + std::to_string(options.depth) +
         ", \"batch\": " + std::to_string(options.batch) +
         ", \"weight_bytes_per_token\": " +
         std::to_string(program.bytesPerToken) +
         ", \"bandwidth_bytes_per_second\": " + format("%.0f", bandwidth) +
         ", \"bandwidth_share\": " +
         format("%.4f", share(program, options.batch)) +
         (hasMatrixShare()
              ? ", \"matrix_peak_operations_per_second\": " +
                    format("%.0f", matrixPeak) + ", \"matrix_share\": " +
                    format("%.4f", operations / matrixPeak)
              : "") +
         (barrier > 0
              ? ", \"barrier_microseconds\": " + format("%.3f", barrier * 1e6)
              : "") +
         ", ";
}

Status quipu::benchmark(Session &session, const BenchmarkOptions &options,
                        std::string &report) {
  const abi::Program &program = session.program();
  int64_t longest = std::max<int64_t>(options.prefill,
                                      int64_t(options.depth) + options.decode);
  if (longest > session.context())
    return {QUIPU_ERROR_CONTEXT_FULL,
            "the context of " + std::to_string(session.context()) +
                " positions is shorter than the " + std::to_string(longest) +
                " tokens to measure; lower --prefill, --decode and --depth or "
                "raise --context"};
  Speed speed;
  std::vector<KernelTimer> timers;
  Status status;
  if (!options.kernels)
    status = speed.measure(session, options);
  if (status.ok())
    status = measureKernels(session, options, timers);
  if (!status.ok())
    return status;
  speed.matrixPeak = session.engine().matrixPeak();
  speed.operations = promptOperations(timers) * speed.prefill;

  const char *cache = abi::getFormat(session.cacheType()).name;
  const Workers *workers = session.engine().workers();
  int32_t threads = workers ? workers->count() : 1;
  Workforce workforce{threads, session.variant().device
                                   ? abi::deviceCallNanoseconds
                                   : abi::callNanoseconds};
  if (options.json)
    report = "{" + (options.kernels ? "" : speed.json(program, options)) +
             (workers ? "\"threads\": " + std::to_string(threads)
                      : "\"device\": " +
                            quote(session.engine().describe().c_str())) +
             ", \"model\": " + quote(program.name) +
             ", \"target\": " + quote(session.variant().target) +
             ", \"cache_type\": " + quote(cache) +
             ", \"kernels\": " + kernelJson(timers, workforce) + "}\n";
  else
    report = std::string(program.name) + ", " + session.variant().target +
             ", " + session.engine().describe() + ", " + cache + " cache\n" +
             (options.kernels ? "" : speed.table(program, options)) +
             kernelTable(timers, workforce);
  return {};
}
