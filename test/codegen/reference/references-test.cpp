//===- references-test.cpp - Which ops have a reference -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/reference/ReferenceCalls.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  mlir::MLIRContext context;
  auto *dialect = context.getOrLoadDialect<quipu::QuipuDialect>();
  for (mlir::RegisteredOperationName name :
       context.getRegisteredOperationsByDialect(dialect->getNamespace()))
    if (name.hasInterface<quipu::FusionInterface>())
      llvm::outs() << name.getStringRef() << ": "
                   << (quipu::ReferenceCalls::has(name.getStringRef())
                           ? "has a reference"
                           : "MISSING")
                   << "\n";
  return 0;
}
