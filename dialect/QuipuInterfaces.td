//===- QuipuInterfaces.td - What passes ask ops ------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_INTERFACES
#define QUIPU_INTERFACES

include "mlir/IR/Interfaces.td"

def Quipu_FusionInterface : OpInterface<"FusionInterface"> {
  let cppNamespace = "::quipu";
  let description = [{
    An op that runs in a kernel, and how it combines with others there.
  }];
  let methods = [
    InterfaceMethod<"how the op combines with others", "::quipu::FusionRole", "getFusionRole">,
  ];
}

def Quipu_RealsInterface : OpInterface<"RealsInterface"> {
  let cppNamespace = "::quipu";
  let description = "An op, and which of its attributes are reals.";
  let methods = [
    StaticInterfaceMethod<"the names of the attributes that ODS declares as Quipu_Real",
                          "::llvm::SmallVector<::llvm::StringRef>", "getRealAttributes">,
  ];
}

#endif // QUIPU_INTERFACES
