//===- KernelTimer.cpp - How long kernels take ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/KernelTimer.h"
#include "runtime/engine/Clock.h"

using namespace quipu;

void KernelTimer::mark(int32_t kernel) {
  double time = now();
  if (running >= 0)
    add(running, time - since);
  running = kernel;
  since = time;
}

double KernelTimer::median(int32_t kernel) const {
  return seconds[kernel].empty() ? 0 : quipu::median(seconds[kernel]);
}

void quipu_trace(void *timer, int32_t worker, int32_t kernel) {
  if (timer && worker == 0)
    static_cast<KernelTrace *>(timer)->mark(kernel);
}
