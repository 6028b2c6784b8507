//===- TunedSchedules.h - What quipu tune has measured ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H
#define QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H

#include "dialect/Quipu.h"
#include "llvm/Support/Error.h"

namespace quipu {

/// The fastest schedule of the kernels of one shape, in steps of so many
/// tokens.
struct TunedKernel {
  std::string shape; // see getKernelShape
  int64_t tokens = 0;
  std::string schedule; // see getScheduleText
  // All calls in one step, with this schedule and with the cost model's.
  int64_t nanoseconds = 0, untunedNanoseconds = 0;
};

/// The kernel of that shape in steps of so many tokens, or null.
template <typename Kernels>
auto *findKernel(Kernels &kernels, llvm::StringRef shape, int64_t tokens) {
  auto it = llvm::find_if(kernels, [&](const TunedKernel &kernel) {
    return kernel.shape == shape && kernel.tokens == tokens;
  });
  return it == kernels.end() ? nullptr : &*it;
}

/// The file that `quipu tune` writes and `quipu build --tuned` reads, see
/// docs/tuning.md.
struct TunedSchedules {
  std::string processor; // LLVM's name of it
  int64_t lanes = 0;     // 32-bit lanes of its vectors, or of a GPU's warps
  std::string compiler;
  std::vector<TunedKernel> kernels;
  /// Of the kernels, where the file was read.
  std::vector<ScheduleAttrInterface> schedules;

  /// An error is a sentence that begins with the path.
  static llvm::Expected<TunedSchedules> read(llvm::StringRef path,
                                             mlir::MLIRContext *context);
  /// JSON with a line for each kernel.
  void print(llvm::raw_ostream &os) const;

  /// What was measured of kernels as this one; null for others.
  ScheduleAttrInterface find(KernelOp kernel) const;
};

/// The file for all kernels of a pass, and all threads: null where the path is
/// empty. Errors have been emitted.
mlir::FailureOr<std::shared_ptr<const TunedSchedules>>
openTunedSchedules(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H
