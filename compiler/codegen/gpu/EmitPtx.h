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

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_EMITPTX_H
