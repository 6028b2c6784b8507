//===- Ptxas.h - NVIDIA's assembler -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_PTXAS_H
#define QUIPU_COMPILER_CODEGEN_GPU_PTXAS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <vector>

namespace quipu::gpu {

/// The path of `ptxas`: on the PATH, in $CUDA_HOME/bin, or where PyPI's
/// nvidia-cuda-nvcc puts it, in the Python environment $VIRTUAL_ENV or the one
/// that the compiler is in.
std::optional<std::string> findPtxas();

struct Assembled {
  std::string cubin; // an ELF file
  /// What makes kernels slower than they were meant to be, a sentence each:
  /// registers that are kept in memory, products that wait for each other.
  std::vector<std::string> losses;
};

/// Machine code of PTX for the chip.
llvm::Expected<Assembled> runPtxas(llvm::StringRef ptxas, llvm::StringRef ptx,
                                   llvm::StringRef chip);

/// What `ptxas -v` says, as Assembled::losses.
std::vector<std::string> findLosses(llvm::StringRef report);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_PTXAS_H
