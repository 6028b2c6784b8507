//===- Passes.td - What a module is for ------------------------ -*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_PASSES
#define QUIPU_COMPILER_TARGET_PASSES

include "mlir/Pass/PassBase.td"

def AttachTarget : Pass<"attach-target", "::mlir::ModuleOp"> {
  let summary = "says in the module what its code is for";
  let description = [{
    `quipu.target` becomes the attribute of the target that is named, or an
    array for several. Without a name, the module must have it.
  }];
  let options = [
    ListOption<"names", "target", "std::string",
               "native, reference, a processor as LLVM calls it, with +features">,
  ];
  let dependentDialects = ["::quipu::QuipuDialect"];
}

#endif // QUIPU_COMPILER_TARGET_PASSES
