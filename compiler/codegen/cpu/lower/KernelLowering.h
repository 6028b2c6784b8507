//===- KernelLowering.h - A kernel as a function ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H

#include "compiler/codegen/cpu/KernelCache.h"
#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quipu::cpu {

/// Gives one kernel's function its body:
///   void kernel(StepArgs *args, i32 layer, i32 worker, i32 workers,
///               operands..., results...)
class KernelLowering {
public:
  KernelLowering(KernelOp kernel, CpuAttr cpu, const KernelCache &cache);

  mlir::LogicalResult run();

private:
  mlir::LogicalResult lowerTiles();
  mlir::LogicalResult lowerRows();
  mlir::LogicalResult lowerAttention(AttentionOp op);
  mlir::LogicalResult lowerRopeAngles(RopeAnglesOp op);
  mlir::LogicalResult lowerPool(PoolOp op);

  /// Compiles what `pipeline` makes unless the cache has it; returns the key.
  mlir::FailureOr<std::string>
  compile(llvm::StringRef name, std::string description,
          const std::vector<Halide::Argument> &arguments,
          const Halide::Pipeline &pipeline);
  /// The same for a function that several kernels may call.
  mlir::FailureOr<std::string> compileShared(const AttentionKernel &function,
                                             const AttentionShape &shape);
  /// What the arguments of one call of the kernel's Halide function are.
  struct Call {
    mlir::Value row;   // i32: the row that is computed, or the first
    mlir::Value count; // i32: rows
    llvm::StringMap<std::pair<mlir::Value, mlir::Value>> units; // first, count
  };
  mlir::LogicalResult emitCall(KernelBuilder &functions, const Call &call);
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
  const KernelCache &cache;
  mlir::ImplicitLocOpBuilder builder;
  AbiBuilder abi;
  mlir::LLVM::LLVMFuncOp function;
  mlir::Block *entry = nullptr;
  mlir::Value args, layer, worker, workers;
  std::map<std::string, BufferOwner> owners;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_KERNELLOWERING_H
