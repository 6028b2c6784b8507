//===- Generation.cpp - From a prompt to its continuation -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/Generation.h"
#include "runtime/cli/Npy.h"
#include "runtime/engine/Clock.h"
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

Status Generation::readPrompt() {
  auto count = static_cast<int32_t>(text.size());
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
      text.data(), count, 0, wanted,
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

/// Chooses the token that comes next.
void Generation::choose(const float *next, const Reader &read) {
  int32_t token = sampler.choose(next, session.program().vocabulary);
  if (!arguments.ignoreEos && endsText(token)) {
    end = End::Text;
    return;
  }
  sampler.accept(token);
  text.push_back(token);
  ++counts.generated;
  if (!read(token))
    end = End::Reader;
  else if (counts.generated == arguments.length)
    end = End::Length;
}

void Generation::draft(int64_t most) {
  if (!drafter)
    return;
  draftError = drafter->draft(text, static_cast<int32_t>(most), drafted);
  if (!draftError.empty())
    drafter = nullptr;
}

/// Runs the last token and drafted ones after it, and chooses tokens up to the
/// first that is none of these.
Status Generation::continueText(const Reader &read) {
  double start = now();
  int64_t room = session.context() - session.length(0) - 1;
  if (arguments.length >= 0)
    room = std::min(room, arguments.length - counts.generated - 1);
  int64_t most = std::min<int64_t>(room, draftLength.best());
  drafted.clear();
  if (most > 0)
    draft(most);

  std::vector<int32_t> batch = drafted;
  batch.insert(batch.begin(), text.back());
  auto count = static_cast<int32_t>(batch.size());
  int32_t accepted = 0;
  Status status = session.feed(
      batch.data(), count, 0, count, [&](int32_t row, const float *next) {
        if (end || row != accepted)
          return Status{};
        choose(next, read);
        accepted += !end && row + 1 < count && text.back() == batch[row + 1];
        return Status{};
      });
  session.forget(0, static_cast<int32_t>(text.size()) - 1);
  counts.drafted += count - 1;
  counts.accepted += accepted;
  draftLength.learn(count - 1, accepted, now() - start);
  return status;
}

End Generation::run(const std::vector<int32_t> &prompt, const Reader &read,
                    std::string &error) {
  text = prompt;
  double start = now();
  Status status = readPrompt();
  for (int32_t token : prompt)
    sampler.accept(token);
  // Rounds are timed: a drafter's reading of the prompt belongs to none.
  draft(0);
  double promptEnd = now();
  counts.prompt = static_cast<int64_t>(prompt.size());
  counts.promptSeconds = promptEnd - start;

  if (interrupted)
    end = End::Interrupt;
  else if (arguments.length == 0)
    end = End::Length;
  else if (status.ok())
    choose(logits.data(), read);
  while (status.ok() && !end) {
    if (interrupted)
      end = End::Interrupt;
    else if (session.length(0) == session.context())
      end = End::Context;
    else
      status = continueText(read);
  }
  counts.generatedSeconds = now() - promptEnd;
  error = std::move(status.message);
  return error.empty() ? end.value_or(End::Error) : End::Error;
}
