//===- Targets.h - What a module is for -------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_TARGETS_H
#define QUIPU_DIALECT_TARGETS_H

#include "dialect/Quipu.h"

namespace quipu {

/// The attribute of a module that says what its code is for.
inline constexpr llvm::StringLiteral targetName = "quipu.target";

/// The attributes that hold what a GPU runs, of a module, and how a function of
/// one is launched.
inline constexpr llvm::StringLiteral deviceCodeName = "quipu.device",
                                     deviceKernelName = "quipu.launch";

/// LLVM's names of the features that code for the architecture ("x86_64",
/// "aarch64") may use, in alphabetical order; none for others.
llvm::ArrayRef<llvm::StringRef> getCpuFeatures(llvm::StringRef arch);

/// Bits of the vectors of such a processor.
int64_t getVectorBits(llvm::StringRef arch,
                      llvm::ArrayRef<std::string> features);

/// The targets of the module that `op` is or lies in; none before they are
/// attached.
llvm::SmallVector<mlir::Attribute> getTargets(mlir::Operation *op);

/// The one processor that the module is for; otherwise an error at `op`.
mlir::FailureOr<CpuAttr> getCpu(mlir::Operation *op);

/// LLVM's names of the GPUs that kernels can be for.
llvm::ArrayRef<llvm::StringRef> getGpuChips();

/// The most tokens whose linear layers are `#quipu.gpu_gemv`.
inline constexpr int64_t maxGemvTokens = 16;
/// The most tokens of `#quipu.gpu_experts`: a block lists those that have
/// chosen its matrix.
inline constexpr int64_t maxExpertTokens = 4096;

/// The GPU that the module is for; otherwise an error at `op`.
mlir::FailureOr<GpuAttr> getGpu(mlir::Operation *op);

/// What `quipu.target` may be.
mlir::LogicalResult verifyTarget(mlir::Operation *op, mlir::Attribute target);

} // namespace quipu

#endif // QUIPU_DIALECT_TARGETS_H
