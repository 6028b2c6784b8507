//===- Passes.td - Kernels for the reference target --------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_REFERENCE_PASSES
#define QUIPU_COMPILER_CODEGEN_REFERENCE_PASSES

include "mlir/Pass/PassBase.td"

def LowerKernelsToReference : Pass<"lower-kernels-to-reference", "::mlir::ModuleOp"> {
  let summary = "makes each kernel calls of its ops' reference functions";
  let description = [{
    Op after op is a call of the function in reference/Reference.h that has its
    name. A worker computes all ops for its share of the tokens; what lies
    between two ops is on its stack.
  }];
  let dependentDialects = ["::quipu::QuipuDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // QUIPU_COMPILER_CODEGEN_REFERENCE_PASSES
