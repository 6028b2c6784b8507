//===- QuipuCanonicalization.td - Rewrites to simpler ops --*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_CANONICALIZATION
#define QUIPU_CANONICALIZATION

include "dialect/Quipu.td"
include "mlir/IR/PatternBase.td"

def Quipu_HasOneUse : Constraint<CPred<"$0.hasOneUse()">, "one reader">;
def Quipu_Silu : ConstantEnumCase<Quipu_ActivationKindAttr, "silu">;

/// silu(gate) * up is swiglu(gate, up): the same two roundings.
def : Pat<(Quipu_MulOp:$product (Quipu_ActivateOp:$silu Quipu_Silu, $gate), $up),
          (Quipu_SwiGLUOp $gate, $up, (location $product)),
          [(Quipu_HasOneUse $silu)]>;
def : Pat<(Quipu_MulOp:$product $up, (Quipu_ActivateOp:$silu Quipu_Silu, $gate)),
          (Quipu_SwiGLUOp $gate, $up, (location $product)),
          [(Quipu_HasOneUse $silu)]>;

/// Numbers whose product is one that f32 holds at full precision.
def Quipu_HasProduct : Constraint<CPred<"hasProduct($0, $1)">, "two factors that are one">;
def Quipu_Product : NativeCodeCall<"getProduct($_builder, $0, $1)">;

/// x * a * b is x * (a * b): one rounding less.
def : Pat<(Quipu_ScaleOp:$outer (Quipu_ScaleOp:$inner $x, $a), $b),
          (Quipu_ScaleOp $x, (Quipu_Product $a, $b), (location $outer)),
          [(Quipu_HasOneUse $inner), (Quipu_HasProduct $a, $b)]>;

#endif // QUIPU_CANONICALIZATION
