//===- Passes.td - Kernels on a GPU ------------------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_PASSES
#define QUIPU_COMPILER_CODEGEN_GPU_PASSES

include "mlir/Pass/PassBase.td"

def ChooseGpuSchedules : Pass<"choose-gpu-schedules", "::quipu::KernelOp"> {
  let summary = "says how each kernel runs on a GPU";
  let description = [{
    By what the kernel holds: a linear layer, attention, pooling, or rows; and by
    its number of tokens. Parameters are those that `tuned` names or, of kernels
    that are not in it, the `candidate`th of the cost model's ranking.
  }];
  let dependentDialects = ["::quipu::QuipuDialect"];
  let options = [
    Option<"candidate", "candidate", "unsigned", "0", "which of the candidates kernels take">,
    Option<"tuned", "tuned", "std::string", "", "a file of quipu tune">,
  ];
}

def LowerKernelsToGpu : Pass<"lower-kernels-to-gpu", "::mlir::ModuleOp"> {
  let summary = "makes each kernel functions of a GPU, and a host function that launches them";
  let description = [{
    The functions of the device stand in one `gpu.module`, in NVVM's dialect and
    LLVM's; each says how it is launched (`quipu.launch`). Their parameters are
    the step's arguments in the device's memory, the layer, and the addresses of
    the kernel's weights, operands and results.
  }];
  let dependentDialects = [
    "::quipu::QuipuDialect", "::mlir::LLVM::LLVMDialect", "::mlir::gpu::GPUDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
    "::mlir::vector::VectorDialect",
  ];
}

def EmitDeviceCode : Pass<"emit-device-code", "::mlir::ModuleOp"> {
  let summary = "replaces the functions of a GPU by their PTX";
  let description = [{
    The text becomes the attribute `quipu.device` of the module, with how each
    function is launched.
  }];
  let dependentDialects = ["::quipu::QuipuDialect"];
}

#endif // QUIPU_COMPILER_CODEGEN_GPU_PASSES
