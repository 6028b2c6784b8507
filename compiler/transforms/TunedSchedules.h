//===- TunedSchedules.h - What quipu tune has measured ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H
#define QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H

#include "dialect/RegisterTile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace quipu {

/// The fastest register tile of the kernels of one shape, in steps of so many
/// tokens.
struct TunedKernel {
  std::string shape; // see getKernelShape
  int64_t tokens = 0;
  RegisterTile tile;
  // All calls in one step, with this tile and with the cost model's.
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
  int64_t lanes = 0;     // 32-bit lanes of its vectors
  std::string compiler;
  std::vector<TunedKernel> kernels;

  /// An error is a sentence that begins with the path.
  static llvm::Expected<TunedSchedules> read(llvm::StringRef path);
  /// JSON with a line for each kernel.
  void print(llvm::raw_ostream &os) const;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_TUNEDSCHEDULES_H
