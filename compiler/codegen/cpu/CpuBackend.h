//===- CpuBackend.h - Programs for CPUs -------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_CPUBACKEND_H
#define QUIPU_COMPILER_CODEGEN_CPU_CPUBACKEND_H

#include "compiler/target/Backend.h"

namespace quipu {

/// Of #quipu.cpu: Halide makes the kernels.
const Backend &getCpuBackend();
void registerCpuPasses();

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_CPU_CPUBACKEND_H
