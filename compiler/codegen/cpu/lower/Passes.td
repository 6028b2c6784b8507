//===- Passes.td - Kernels on a CPU ------------------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_PASSES
#define QUIPU_COMPILER_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def LowerKernels : Pass<"lower-kernels", "::mlir::ModuleOp"> {
  let summary = "makes each kernel a function around a Halide pipeline";
  let description = [{
    The function finds the worker's part of the grid and calls what Halide has
    compiled, whose bitcode the declaration has, ready to be inlined. Kernels
    are compiled on all threads of the context.
  }];
  let options = [
    Option<"cache", "cache", "std::string", /*default=*/"\"\"",
           "folder of the kernel cache; none is kept when empty">,
  ];
  let dependentDialects = [
    "::quipu::QuipuDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
  ];
}

#endif // QUIPU_COMPILER_CODEGEN_CPU_PASSES
