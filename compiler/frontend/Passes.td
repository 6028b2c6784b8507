//===- Passes.td - From spec and checkpoint to a graph -----*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_PASSES
#define QUIPU_COMPILER_FRONTEND_PASSES

include "mlir/Pass/PassBase.td"

def BindCheckpoint : Pass<"bind-checkpoint", "::mlir::ModuleOp"> {
  let summary = "puts a checkpoint's sizes and weight formats into a spec";
  let description = [{
    Replaces every parameter by the checkpoint's number, declares the weights
    with shape and storage format, and makes one `quipu.step` per number of
    tokens, in which every activation is a ranked tensor. See
    docs/passes/bind-checkpoint.md.
  }];
  let options = [
    Option<"checkpoint", "checkpoint", "std::string", /*default=*/"\"\"",
           "path of a GGUF file or a Hugging Face folder">,
    Option<"random", "random-weights", "bool", /*default=*/"false",
           "the file needs no weights, as the program makes its own">,
    Option<"quantization", "quantize", "std::string", /*default=*/"\"\"",
           "the formats that its tensors get, as 'quipu build --quantize'">,
    ListOption<"tokens", "tokens", "int64_t",
               "a step for each of these numbers of tokens">,
  ];
  let dependentDialects = ["::quipu::QuipuDialect"];
}

#endif // QUIPU_COMPILER_FRONTEND_PASSES
