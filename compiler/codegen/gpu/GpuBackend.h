//===- GpuBackend.h - Programs for GPUs -----------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_GPUBACKEND_H
#define QUIPU_COMPILER_CODEGEN_GPU_GPUBACKEND_H

#include "compiler/target/Backend.h"

namespace quipu::gpu {

const Backend &getGpuBackend();

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_GPUBACKEND_H
