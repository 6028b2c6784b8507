//===- quipu-reduce.cpp - Shrinks a file that shows a defect ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipeline.h"
#include "compiler/tools/ReduceOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  quipu::registerDialects(registry);
  quipu::registerPasses();
  quipu::registerReduceOpsPass();
  mlir::MLIRContext context(registry);
  return mlir::asMainReturnCode(mlir::mlirReduceMain(argc, argv, context));
}
