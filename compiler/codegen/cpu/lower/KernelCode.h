//===- KernelCode.h - What Halide makes of kernels ------------- -*- C++
//-*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H

#include "compiler/codegen/cpu/KernelCache.h"
#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "llvm/ADT/StringMap.h"

namespace quipu::cpu {

/// Of the function that computes the kernel's ops, but attention.
inline std::string getFunctionName(KernelOp kernel) {
  return (kernel.getSymName() + ".halide").str();
}

/// A kernel's ops in Halide.
struct TranslatedKernel {
  std::unique_ptr<KernelBuilder> functions;
  std::map<std::string, BufferOwner> owners; // of its buffers
};

/// The functions that Halide writes for kernels, as bitcode that is ready to be
/// inlined into their wrappers.
class KernelCode {
public:
  KernelCode(CpuAttr cpu, const KernelCache &cache) : cpu(cpu), cache(cache) {}

  /// Compiles what the kernels need on all threads of the context. Neither what
  /// is made nor the order of errors depends on their number.
  mlir::LogicalResult compile(llvm::ArrayRef<KernelOp> kernels);

  /// Of a kernel whose ops Halide computes, but attention.
  const TranslatedKernel &getTranslation(KernelOp kernel) const {
    return translations.find(kernel)->second;
  }
  /// The bitcode of a function, !tensor<Nxi8> in a resource of the module.
  mlir::Attribute getBitcode(llvm::StringRef function) const {
    return bitcode.lookup(function);
  }

private:
  /// A function, and what is made in parallel.
  struct Job {
    KernelOp kernel;
    std::string name;
    AttentionShape shape; // of a function of attention
    TranslatedKernel translation;
    std::string bitcode;
  };
  mlir::LogicalResult run(Job &job) const;
  llvm::Expected<std::string>
  compile(llvm::StringRef name, std::string description,
          llvm::function_ref<AttentionKernel()> build) const;

  CpuAttr cpu;
  const KernelCache &cache;
  llvm::DenseMap<mlir::Operation *, TranslatedKernel> translations;
  llvm::StringMap<mlir::Attribute> bitcode;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELCODE_H
