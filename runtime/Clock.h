//===- Clock.h - Seconds that go by -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLOCK_H
#define QUIPU_RUNTIME_CLOCK_H

#include <chrono>

namespace quipu {

/// Seconds since some moment, which nobody sets back.
inline double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

} // namespace quipu

#endif // QUIPU_RUNTIME_CLOCK_H
