//===- Passes.td - From schedule to host code --------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_PASSES
#define QUIPU_COMPILER_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def LowerSteps : Pass<"lower-steps", "::mlir::ModuleOp"> {
  let summary = "makes each step a host function, for either type of cache";
  let description = [{
    A step becomes two functions of type `abi::StepFunction`, one for a cache in
    f16 and one for f32; kernels that touch the cache are copied for the latter.
    The loop over the layers stays a loop. A GPU has no cache in q8_0.
  }];
  let options = [
    Option<"serial", "serial", "bool", /*default=*/"false",
           "kernels follow each other without barriers">,
  ];
  let dependentDialects = [
    "::quipu::QuipuDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
  ];
}

#endif // QUIPU_COMPILER_CODEGEN_PASSES
