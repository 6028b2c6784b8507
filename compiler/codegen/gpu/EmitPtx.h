//===- EmitPtx.h - From a module of device code to PTX ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_EMITPTX_H
#define QUIPU_COMPILER_CODEGEN_GPU_EMITPTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/Error.h"

namespace quipu::gpu {

/// What emitPtx needs of a context.
void registerPtxTranslation(mlir::DialectRegistry &registry);

/// The PTX of what a DeviceBuilder has written into the module, which stays as
/// it is. `chip` as "sm_90a", `features` as "+ptx86".
llvm::Expected<std::string> emitPtx(mlir::gpu::GPUModuleOp module,
                                    llvm::StringRef chip,
                                    llvm::StringRef features);

/// What `ptxas` says of a kernel.
struct Assembled {
  std::string cubin;
  /// What it prints with -v: registers, spills, warnings.
  std::string report;
};

/// The path of NVIDIA's assembler: $QUIPU_PTXAS, or that on the PATH.
std::optional<std::string> findPtxas();

/// Machine code of PTX for the chip.
llvm::Expected<Assembled> runPtxas(llvm::StringRef ptxas, llvm::StringRef ptx,
                                   llvm::StringRef chip);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_EMITPTX_H
