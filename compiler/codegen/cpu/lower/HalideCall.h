//===- HalideCall.h - Calls of Halide's functions ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LOWER_HALIDECALL_H
#define QUIPU_COMPILER_CODEGEN_CPU_LOWER_HALIDECALL_H

#include "compiler/codegen/host/AbiBuilder.h"

namespace quipu::cpu {

/// Collects the arguments of one call. A buffer is a halide_buffer_t of which
/// only `host` is set: every size and stride is a constant in the kernel, and
/// once the call is inlined nothing is left of it.
class HalideCall {
public:
  /// The buffers lie on the stack of the function whose entry block is `entry`.
  HalideCall(mlir::OpBuilder &builder, mlir::Location loc, AbiBuilder &abi,
             mlir::Block *entry)
      : builder(builder), loc(loc), abi(abi), entry(entry) {}

  void addBuffer(mlir::Value host);
  void addScalar(mlir::Value value) { arguments.push_back(value); }
  /// Calls the function, whose declaration gets its bitcode.
  void emit(llvm::StringRef name, mlir::Attribute bitcode);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  AbiBuilder &abi;
  mlir::Block *entry;
  llvm::SmallVector<mlir::Value> arguments;
};

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LOWER_HALIDECALL_H
