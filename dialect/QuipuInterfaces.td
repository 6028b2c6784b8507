//===- QuipuInterfaces.td - What passes ask ----------------*- tablegen -*-===//
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

def Quipu_ArgumentsInterface : OpInterface<"ArgumentsInterface"> {
  let cppNamespace = "::quipu";
  let description = "An op, and what ODS declares its attributes to be.";
  let methods = [
    StaticInterfaceMethod<"the names of the attributes that are reals",
                          "::llvm::SmallVector<::llvm::StringRef>", "getRealAttributes">,
    StaticInterfaceMethod<"the names of the weights whose numbers are f32, whatever their rank",
                          "::llvm::SmallVector<::llvm::StringRef>", "getVectorAttributes">,
    StaticInterfaceMethod<"the names of the attributes without which the op means something, too",
                          "::llvm::SmallVector<::llvm::StringRef>", "getOptionalAttributes">,
  ];
}

def Quipu_NormInterface : OpInterface<"NormInterface"> {
  let cppNamespace = "::quipu";
  let description = "A norm of an activation, `input`, and what it multiplies and adds.";
  let methods = [
    InterfaceMethod<"what the normed numbers are multiplied by", "std::optional<::quipu::WeightAttr>", "getWeight">,
    InterfaceMethod<"what is added then", "std::optional<::quipu::WeightAttr>", "getBias", (ins),
                    "", "return std::nullopt;">,
    InterfaceMethod<"what is added to the mean of the squares", "::mlir::Attribute", "getEps">,
  ];
}

def Quipu_TargetAttrInterface : AttrInterface<"TargetAttrInterface"> {
  let cppNamespace = "::quipu";
  let description = [{
    What a module is for, as the stages up to `fused` see it; the others belong
    to its backend.
  }];
  let methods = [
    InterfaceMethod<"whether each op is a kernel of its own", "bool", "keepsOpsApart">,
    InterfaceMethod<"what a linear layer's input is rounded to for the weight; null: it stays f32",
                    "::mlir::Type", "getInputElement", (ins "::mlir::RankedTensorType":$weight)>,
    InterfaceMethod<"whether `op`, which reads what a linear layer computes for so many tokens, runs in the layer's kernel",
                    "bool", "joinsLinear", (ins "::mlir::Operation *":$op, "int64_t":$tokens)>,
    InterfaceMethod<"whether attention's kernel rounds what it computes, for linear layers",
                    "bool", "roundsAttention">,
    InterfaceMethod<"the layout in which kernels read a weight; null if they cannot",
                    "::mlir::Attribute", "chooseLayout", (ins "::mlir::RankedTensorType":$weight)>,
  ];
}

#endif // QUIPU_INTERFACES
