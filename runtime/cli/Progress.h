//===- Progress.h - How far a long piece of work has come -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_PROGRESS_H
#define QUIPU_RUNTIME_CLI_PROGRESS_H

#include <cstdint>

namespace quipu {

/// A bar on a terminal's standard error, for work of more than a second.
class Progress {
public:
  explicit Progress(const char *work);
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// To be called before something else is written to the terminal.
  void clear();
  /// So much is done, in any unit.
  void update(uint64_t done, uint64_t total);

private:
  const char *work;
  bool terminal, shown = false;
  double start, last = 0;
};

/// Shows, and with --verbose tells, how weights come to a GPU.
class Loading {
public:
  explicit Loading(bool verbose) : verbose(verbose) {}

  /// So many bytes are there, from 0 to all.
  void update(uint64_t done, uint64_t total);

private:
  bool verbose;
  Progress progress{"loading the weights"};
  double start = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_PROGRESS_H
