//===- Clock.h - Seconds that go by -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CLOCK_H
#define QUIPU_RUNTIME_ENGINE_CLOCK_H

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace quipu {

/// Seconds since some moment, which nobody sets back.
inline double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Of at least one measurement; of an even number the upper one.
inline double median(std::vector<double> seconds) {
  auto middle = seconds.begin() + static_cast<int64_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_CLOCK_H
