//===- Pipeline.h - The stages from spec to program -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_PIPELINE_H
#define QUIPU_COMPILER_PIPELINE_H

#include "mlir/IR/DialectRegistry.h"

namespace quipu {

void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace quipu

#endif // QUIPU_COMPILER_PIPELINE_H
