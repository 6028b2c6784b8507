//===- CompileHalide.h - From Halide functions to bitcode -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Building and scheduling kernels throws Halide::Error on a mistake of ours, so
// all of it runs inside catchHalide. KernelModule.h reads the bitcode.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_HALIDE_COMPILEHALIDE_H
#define QUIPU_COMPILER_CODEGEN_CPU_HALIDE_COMPILEHALIDE_H

#include "dialect/Quipu.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>

namespace quipu::cpu {

struct HalideFunction;

/// Runs `build`; what Halide throws meanwhile becomes an error that names the
/// kernel.
llvm::Error catchHalide(llvm::StringRef kernel,
                        llvm::function_ref<void()> build);

enum class KernelOutput { Bitcode, Statement };

/// What Halide generates for a processor: bitcode of the function, or the
/// lowered statement as text.
llvm::Expected<std::string> compileHalide(const HalideFunction &function,
                                          CpuAttr cpu, KernelOutput output);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_COMPILEHALIDE_H
