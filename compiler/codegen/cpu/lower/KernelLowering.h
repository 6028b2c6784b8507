//===- KernelLowering.h - A kernel as a function ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H

#include "compiler/codegen/cpu/lower/KernelCode.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quipu::cpu {

/// What earlier passes must have decided.
mlir::LogicalResult checkIsScheduled(KernelOp kernel);

/// Gives one kernel's function its body:
///   void kernel(StepArgs *args, i32 layer, i32 worker, i32 workers,
///               operands..., results...)
class KernelLowering {
public:
  KernelLowering(KernelOp kernel, CpuAttr cpu, const KernelCode &code);

  mlir::LogicalResult run();

private:
  mlir::LogicalResult lowerTiles();
  mlir::LogicalResult lowerRows();
  mlir::LogicalResult lowerAttention(AttentionOp op);
  mlir::LogicalResult lowerRopeAngles(RopeAnglesOp op);
  mlir::LogicalResult lowerPool(PoolOp op);

  /// What the arguments of one call of the kernel's Halide function are.
  struct Call {
    mlir::Value row;   // i32: the row that is computed, or the first
    mlir::Value count; // i32: rows
    llvm::StringMap<std::pair<mlir::Value, mlir::Value>> units; // first, count
  };
  mlir::LogicalResult emitCall(const TranslatedKernel &translated,
                               const Call &call);
  mlir::Value getHost(const BufferOwner &owner, mlir::Value row);
  mlir::Value getOperand(unsigned index);
  mlir::Value getResult(unsigned index);
  mlir::Value getRow(mlir::Value pointer, mlir::Value row, int64_t rowBytes);
  mlir::Value getWeight(llvm::StringRef name);
  CacheType getCacheType();
  /// That of the cache; an error when it has no offset yet.
  mlir::FailureOr<StateOp> getState();

  KernelOp kernel;
  CpuAttr cpu;
  const KernelCode &code;
  mlir::ImplicitLocOpBuilder builder;
  AbiBuilder abi;
  mlir::LLVM::LLVMFuncOp function;
  mlir::Block *entry = nullptr;
  mlir::Value args, layer, worker, workers;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
