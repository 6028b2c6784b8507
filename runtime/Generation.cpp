//===- Generation.cpp - From a prompt to its continuation -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/Generation.h"
#include "runtime/Clock.h"
#include "runtime/Npy.h"
#include <csignal>
#include <cstdio>
#include <unistd.h>

using namespace quipu;

static volatile sig_atomic_t interrupted = 0;

void Generation::catchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
}

namespace {
/// A bar on a terminal's standard error, for a prompt of more than a second.
class Progress {
public:
  explicit Progress(int32_t total) : total(total) {}
  ~Progress() {
    if (shown)
      fputs("\r\033[K", stderr);
  }

  void update(int32_t done) {
    double seconds = now() - start;
    if (!terminal || seconds < 1 || seconds - last < 0.1)
      return;
    last = seconds;
    shown = true;
    constexpr int width = 30;
    int filled = static_cast<int>(int64_t(width) * done / total);
    fprintf(stderr, "\rreading the prompt [%.*s%*s] %d/%d", filled,
            "##############################", width - filled, "", done, total);
  }

private:
  int32_t total;
  bool terminal = isatty(STDERR_FILENO);
  bool shown = false;
  double start = now(), last = 0;
};
} // namespace

Status Generation::readPrompt(const std::vector<int32_t> &prompt) {
  int32_t count = static_cast<int32_t>(prompt.size());
  int32_t vocabulary = session.program().vocabulary;
  bool all = arguments.logits.has_value();
  NpyWriter file;
  auto checked = [](std::string failure) {
    return failure.empty() ? Status{}
                           : Status{QUIPU_ERROR_ARGUMENT, std::move(failure)};
  };
  if (all)
    if (Status status =
            checked(file.open(*arguments.logits, count, vocabulary));
        !status.ok())
      return status;

  Progress progress(count);
  int32_t wanted = all ? count : 1;
  Status status = session.feed(
      prompt.data(), count, 0, wanted,
      [&](int32_t row, const float *values) {
        if (row == wanted - 1)
          logits.assign(values, values + vocabulary);
        return all ? checked(file.append(values)) : Status{};
      },
      [&](int32_t done) {
        progress.update(done);
        return !interrupted;
      });
  if (status.ok() && all && !interrupted)
    status = checked(file.finish());
  return status;
}

End Generation::run(const std::vector<int32_t> &prompt, const Reader &read,
                    std::string &error) {
  auto failed = [&](Status status) {
    error = std::move(status.message);
    return End::Error;
  };
  double start = now();
  if (Status status = readPrompt(prompt); !status.ok())
    return failed(std::move(status));
  for (int32_t token : prompt)
    sampler.accept(token);
  double promptEnd = now();
  counts.prompt = static_cast<int64_t>(prompt.size());
  counts.promptSeconds = promptEnd - start;

  int32_t vocabulary = session.program().vocabulary;
  for (int64_t left = arguments.length;; left -= left > 0) {
    if (interrupted)
      return End::Interrupt;
    if (left == 0)
      return End::Length;
    int32_t token = sampler.choose(logits.data(), vocabulary);
    if (!arguments.ignoreEos && endsText(token))
      return End::Text;
    sampler.accept(token);
    ++counts.generated;
    counts.generatedSeconds = now() - promptEnd;
    if (!read(token))
      return End::Reader;
    if (left == 1)
      return End::Length;
    if (session.length(0) == session.context())
      return End::Context;
    Status status =
        session.feed(&token, 1, 0, 1, [&](int32_t, const float *values) {
          logits.assign(values, values + vocabulary);
          return Status{};
        });
    if (!status.ok())
      return failed(std::move(status));
  }
}
