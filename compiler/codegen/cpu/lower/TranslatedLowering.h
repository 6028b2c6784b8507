//===- TranslatedLowering.h - Kernels that Halide computes ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_TRANSLATEDLOWERING_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_TRANSLATEDLOWERING_H

#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"

namespace quipu::cpu {

/// Calls one function of Halide's, which computes the kernel's ops for a part
/// of the work.
class TranslatedLowering : public KernelLowering {
public:
  TranslatedLowering(KernelOp kernel, CpuAttr cpu)
      : KernelLowering(kernel), cpu(cpu), chosen(getChosen(kernel)) {}

  mlir::FailureOr<std::vector<HalideJob>> getJobs() final;

protected:
  /// A part of the work.
  struct Part {
    mlir::Value row;   // i32: the row that is computed, or the first
    mlir::Value count; // i32: rows
    /// Of each result: first, count.
    llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> units;
    /// i64: the matrix of a stack.
    mlir::Value matrix = nullptr;
    /// Where the numbers of the choices are that are computed.
    mlir::Value choices = nullptr;
  };
  void emitCall(const KernelCode &code, const Part &part);
  llvm::ArrayRef<KernelResult> getResults() const {
    return translated.functions->results;
  }
  /// The units of all results in one line.
  int64_t countUnits() const;
  /// What of each result lies from unit `begin` to before `end` (i64) of that
  /// line.
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>>
  getUnits(mlir::Value begin, mlir::Value end);

  CpuAttr cpu;
  /// Rows of a token, one for each of its choices; 0 without any.
  int64_t chosen;

private:
  /// Of Halide's function.
  std::string getName() { return (kernel.getSymName() + ".halide").str(); }
  /// The address that a buffer of the part begins at.
  mlir::Value getHost(const BufferOwner &owner, const Part &part);
  mlir::Value getMatrix(mlir::FlatSymbolRefAttr name, const Part &part);
  /// Row `row` of a kernel's operand or result.
  mlir::Value getRowOf(mlir::Value pointer, mlir::RankedTensorType type,
                       mlir::Value row);

  TranslatedKernel translated; // by the job
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_TRANSLATEDLOWERING_H
