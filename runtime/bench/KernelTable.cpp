//===- KernelTable.cpp - Predicted against measured -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/bench/KernelTable.h"
#include <algorithm>
#include <cstdio>

using namespace quipu;

namespace {
struct Row {
  const abi::Kernel *kernel;
  double bytes, operations;
  double predicted, measured; // nanoseconds of one call; 0: not predicted
};
} // namespace

/// The kernels that were called.
static std::vector<Row> getRows(const KernelTimer &timer,
                                const Workforce &workforce) {
  std::vector<Row> rows;
  for (int32_t i = 0; i < timer.step().kernelCount; ++i) {
    const abi::Kernel &kernel = timer.step().kernels[i];
    double times =
        kernel.positions ? double(timer.positions()) / kernel.positions : 1;
    int64_t call = std::min(kernel.nanoseconds, workforce.callNanoseconds);
    double work = times * static_cast<double>(kernel.nanoseconds - call);
    if (double seconds = timer.median(i); seconds > 0)
      rows.push_back({&kernel, times * static_cast<double>(kernel.bytes),
                      times * static_cast<double>(kernel.operations),
                      static_cast<double>(call) + work / workforce.threads,
                      1e9 * seconds});
  }
  return rows;
}

/// Right-aligned; a dash for 0, what is not known.
static std::string column(int width, double value) {
  char buffer[32];
  if (value > 0)
    snprintf(buffer, sizeof(buffer), "%*.1f", width, value);
  else
    snprintf(buffer, sizeof(buffer), "%*s", width, "-");
  return buffer;
}

/// Times in nanoseconds; `share` is of the step's time.
static std::string line(const char *name, int32_t calls, double predicted,
                        double measured, double share) {
  char start[128];
  snprintf(start, sizeof(start), "  %-32.60s %6d", name, calls);
  return start + column(13, predicted / 1e3) + column(12, measured / 1e3) +
         column(9, 100 * share);
}

static std::string stepTable(const KernelTimer &timer,
                             const Workforce &workforce) {
  std::vector<Row> rows = getRows(timer, workforce);
  if (rows.empty())
    return "";
  int32_t calls = 0;
  double predicted = 0, measured = 0;
  bool isPredicted = true; // all of it
  for (const Row &row : rows) {
    calls += row.kernel->calls;
    predicted += row.kernel->calls * row.predicted;
    measured += row.kernel->calls * row.measured;
    isPredicted &= row.predicted > 0;
  }
  int32_t tokens = timer.step().tokens;
  char title[160];
  snprintf(title, sizeof(title), "\n  %-32.60s %6s%13s%12s%9s%9s%9s\n",
           (std::string(timer.step().name) + ", " + std::to_string(tokens) +
            (tokens == 1 ? " token" : " tokens"))
               .c_str(),
           "calls", "predicted us", "measured us", "share %", "GB/s", "GOP/s");
  std::string text = title;
  for (const Row &row : rows)
    text += line(row.kernel->name, row.kernel->calls, row.predicted,
                 row.measured, row.kernel->calls * row.measured / measured) +
            column(9, row.bytes / row.measured) +
            column(9, row.operations / row.measured) + "\n";
  return text + line("sum", calls, isPredicted ? predicted : 0, measured, 1) +
         "\n";
}

double quipu::promptOperations(const std::vector<KernelTimer> &timers) {
  int32_t most = 1;
  double operations = 0;
  for (const KernelTimer &timer : timers) {
    if (timer.step().tokens <= most)
      continue;
    most = timer.step().tokens;
    operations = 0;
    for (const Row &row : getRows(timer, {}))
      operations += row.kernel->calls * row.operations / most;
  }
  return operations;
}

std::string quipu::kernelTable(const std::vector<KernelTimer> &timers,
                               const Workforce &workforce) {
  std::string text;
  for (const KernelTimer &timer : timers)
    text += stepTable(timer, workforce);
  return text;
}

/// The compiler's names need no escapes.
static std::string rowJson(const Row &row, int32_t tokens) {
  const abi::Kernel &kernel = *row.kernel;
  char numbers[320];
  snprintf(numbers, sizeof(numbers),
           "\"tokens\": %d, \"calls\": %d, \"tile_tokens\": %d, \"tiles\": %d, "
           "\"panel\": %s, \"bytes\": %.0f, \"operations\": %.0f, "
           "\"predicted_nanoseconds\": %.0f, \"measured_nanoseconds\": %.0f}",
           tokens, kernel.calls, kernel.tileTokens, kernel.tiles,
           kernel.panel ? "true" : "false", row.bytes, row.operations,
           row.predicted, row.measured);
  return std::string("{\"name\": \"") + kernel.name + "\", \"shape\": \"" +
         kernel.shape + "\", " + numbers;
}

std::string quipu::kernelJson(const std::vector<KernelTimer> &timers,
                              const Workforce &workforce) {
  std::string text;
  for (const KernelTimer &timer : timers)
    for (const Row &row : getRows(timer, workforce))
      text += (text.empty() ? "" : ", ") + rowJson(row, timer.step().tokens);
  return "[" + text + "]";
}
