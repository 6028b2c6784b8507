//===- Progress.cpp - How far a long piece of work has come ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Progress.h"
#include "runtime/cli/Console.h"
#include "runtime/engine/Clock.h"
#include <cstdio>
#include <unistd.h>

using namespace quipu;

Progress::Progress(const char *work)
    : work(work), terminal(isatty(STDERR_FILENO)), start(now()) {}

void Progress::clear() {
  if (shown)
    fputs("\r\033[K", stderr);
  shown = false;
}

void Progress::update(uint64_t done, uint64_t total) {
  double seconds = now() - start;
  if (!terminal || seconds < 1 || seconds - last < 0.1)
    return;
  last = seconds;
  shown = true;
  constexpr int width = 30;
  int filled = static_cast<int>(width * done / total);
  fprintf(stderr, "\r%s [%.*s%*s] %llu/%llu", work, filled,
          "##############################", width - filled, "",
          static_cast<unsigned long long>(done),
          static_cast<unsigned long long>(total));
}

void Loading::update(uint64_t done, uint64_t total) {
  if (done == 0)
    start = now();
  progress.update(done, total);
  if (done < total)
    return;
  progress.clear();
  double gigabytes = static_cast<double>(total) / 1e9;
  double seconds = now() - start;
  if (verbose)
    fprintf(stderr, "%s: loaded %.2f GB of weights in %.2f s (%.1f GB/s)\n",
            programName.c_str(), gigabytes, seconds, gigabytes / seconds);
}
