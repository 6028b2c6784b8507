//===- KernelCode.h - What Halide makes of kernels --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H

#include "compiler/codegen/cpu/KernelCache.h"
#include "compiler/codegen/cpu/halide/HalideOps.h"
#include "dialect/Quipu.h"
#include "llvm/ADT/StringMap.h"

namespace quipu::cpu {

/// A function that Halide has to write for a kernel.
struct HalideJob {
  KernelOp kernel;
  std::string name;
  /// All that its code depends on, but for the name and the processor.
  std::string description;
  /// Defines and schedules it. Throws Halide::Error; fails with a diagnostic.
  std::function<mlir::FailureOr<HalideFunction>()> define;
};

/// The functions that Halide writes for kernels, as bitcode that is ready to be
/// inlined into their wrappers.
class KernelCode {
public:
  KernelCode(CpuAttr cpu, const KernelCache &cache) : cpu(cpu), cache(cache) {}

  /// Compiles the functions, those of one name once, on all threads of the
  /// context. Neither what is made nor the order of errors depends on their
  /// number.
  mlir::LogicalResult compile(llvm::ArrayRef<HalideJob> jobs);

  /// The bitcode of a function, !tensor<Nxi8> in a resource of the module.
  mlir::Attribute getBitcode(llvm::StringRef function) const {
    return bitcode.lookup(function);
  }

private:
  llvm::Expected<std::string> compile(const HalideFunction &function,
                                      std::string description) const;

  CpuAttr cpu;
  const KernelCache &cache;
  llvm::StringMap<mlir::Attribute> bitcode;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H
