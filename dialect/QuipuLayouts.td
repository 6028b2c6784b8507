//===- QuipuLayouts.td - How weights lie in a program ------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A packed layout is the encoding of a declared weight's type: kernels of each
// kind of target read layouts of their own.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_LAYOUTS
#define QUIPU_LAYOUTS

include "dialect/QuipuAttributes.td"
include "mlir/IR/TensorEncoding.td"

def Quipu_LayoutInterface : AttrInterface<"LayoutAttrInterface"> {
  let cppNamespace = "::quipu";
  let description = "How a weight lies in a program.";
  let methods = [
    InterfaceMethod<"bytes of a packed weight, a multiple of 64; of a mix, those of its first format",
                    "int64_t", "getPackedBytes", (ins "::mlir::RankedTensorType":$weight)>,
  ];
}

class Quipu_LayoutAttr<string name, string attrMnemonic>
    : Quipu_Attr<name, attrMnemonic, [DeclareAttrInterfaceMethods<Quipu_LayoutInterface>,
                                      DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]>;

def Quipu_Rows16Attr : Quipu_LayoutAttr<"Rows16", "rows16"> {
  let summary = "matrices in tiles of 16 rows, interleaved for the lanes of a vector";
  let description = [{
    See `weights/WeightLayout.h`.
    A stack of matrices has them one after another.
    C1: the weight is a matrix, or a stack, in storage formats.

    ```mlir
    tensor<576x576x!quipu.q4_1, #quipu.rows16>
    ```
  }];
}

def Quipu_FloatsAttr : Quipu_LayoutAttr<"Floats", "floats"> {
  let summary = "vectors: their numbers in f32, one after the other";
  let description = [{
    C1: the weight is a vector in f32, f16 or bf16, or a matrix in f32 that is read as
    one, such as the weights of each head's norm.
  }];
}

def Quipu_FragmentsAttr : Quipu_LayoutAttr<"Fragments", "fragments"> {
  let summary = "matrices in the order in which a GPU's tensor cores take them";
  let description = [{
    See `weights/FragmentLayout.h`.
    A stack of matrices has them one after another.
    C1: the weight is a matrix, or a stack, in storage formats other than f32.
  }];
}

#endif // QUIPU_LAYOUTS
