//===- DeviceModule.h - A module for the code of a test ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_CODEGEN_GPU_DEVICEMODULE_H
#define QUIPU_TEST_CODEGEN_GPU_DEVICEMODULE_H

#include "compiler/codegen/gpu/DeviceBuilder.h"
#include "compiler/codegen/gpu/EmitPtx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace quipu::gpu {

/// A builder of code in an empty GPU module, whose context can write PTX.
struct DeviceModule {
  explicit DeviceModule(unsigned sm)
      : context(makeRegistry()), loc(mlir::UnknownLoc::get(&context)),
        module(
            (context.loadAllAvailableDialects(), mlir::ModuleOp::create(loc))),
        builder(loc, &context, sm) {
    builder.setInsertionPointToEnd(module->getBody());
    device = mlir::gpu::GPUModuleOp::create(builder, "device");
  }

  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    registry.insert<mlir::arith::ArithDialect, mlir::gpu::GPUDialect,
                    mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect,
                    mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
    registerPtxTranslation(registry);
    return registry;
  }

  mlir::MLIRContext context;
  mlir::Location loc;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  DeviceBuilder builder;
  mlir::gpu::GPUModuleOp device;
};

} // namespace quipu::gpu

#endif // QUIPU_TEST_CODEGEN_GPU_DEVICEMODULE_H
