//===- Processor.h - The processor, and our share of it ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_PROCESSOR_H
#define QUIPU_RUNTIME_ENGINE_PROCESSOR_H

#include <cstdint>
#include <string>
#include <vector>

namespace quipu {

struct AllowedCpus {
  /// Numbers of the CPUs this process may run on: one of each core first, then
  /// their hyperthreads. Never empty.
  std::vector<int> numbers;
  /// How many of them are on a core of their own.
  int32_t cores;
  /// `cores`, or fewer if the quotas of control groups do not let that many run
  /// at a time.
  int32_t usableCores;
};

AllowedCpus allowedCpus();

/// How many CPUs' time the control groups of this process may use, in version 1
/// or 2, with all groups that theirs are in; `cores` if that is not limited.
/// Folders and files are looked for below `root` ("" but in tests).
int32_t withinQuota(int32_t cores, const std::string &root);

/// The first of a comma-separated list of LLVM feature names that the processor
/// or the operating system lacks, or that is unknown; empty if all are there.
std::string missingFeature(const char *features);

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_PROCESSOR_H
