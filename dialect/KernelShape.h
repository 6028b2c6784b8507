//===- KernelShape.h - What kernels are told apart by -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_KERNELSHAPE_H
#define QUIPU_DIALECT_KERNELSHAPE_H

#include "dialect/Quipu.h"

namespace quipu {

/// The matrices that a kernel multiplies by, "576x576xq4_1 192x576xq6_k", of
/// experts "8of128x768x2048xq4_0", of heads "128x512x128xq4_0"; empty without
/// any. Kernels of one shape run
/// equally fast.
std::string getKernelShape(KernelOp kernel);

/// The tokens of the step that the kernel belongs to.
int64_t getKernelTokens(KernelOp kernel);

/// Whether the op computes a number from its operands' of the same place, or is
/// a linear layer.
bool isNumberwise(mlir::Operation &op);

/// Whether the kernel's linear layers are what `#quipu.gpu_experts` computes.
bool fitsGpuExperts(KernelOp kernel);

} // namespace quipu

#endif // QUIPU_DIALECT_KERNELSHAPE_H
