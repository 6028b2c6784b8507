//===- QuipuLinear.td - Products with weights ---------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A part of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_LINEAR
#define QUIPU_LINEAR

def Quipu_LinearOp : Quipu_ComputeOp<"linear", "linear", "FusionRole::Contraction", [NoMemoryEffect, Quipu_Tokenwise, AttrSizedOperandSegments]> {
  let summary = "y = W x (+ b)";
  let description = [{
    input [M, K] (or [M, H, D] with H * D = K) -> [M, shape...], in f32. The
    weight is [N, K] with N the product of `shape`. Where a weight is in blocks
    in some layers and in floats in others, the input is there in both forms,
    until `specialize-kernels` chooses:

    ```mlir
    %y = quipu.linear %x or %quantized, @v : tensor<64x64x!quipu.mixed<!quipu.q8_0, bf16>> -> [64]
        : tensor<1x64xf32> or tensor<1x64x!quipu.i8x32> -> tensor<1x64xf32>
    ```

    `of` the ids of a `top_k` the weight is a stack of E matrices, [E, N, K], and a
    token is multiplied by those that it has chosen: input [M, K], or
    [M, chosen, K] with a row for each of them -> [M, chosen, N]. `of heads` it is
    a stack of as many as the input has heads, and head h is multiplied by matrix
    h: [M, H, K] -> [M, H, N].

    ```mlir
    %up = quipu.linear %x, "ffn_up_exps" of %ids -> [@ffn]
    %qk = quipu.linear %q, "attn_k_b" of heads -> [@rank]
    ```

    C1: the input has K numbers per token, or per matrix that it is multiplied by.
    C2: the weight has N rows. C3: a bias has N numbers in f32, of a stack
    [E, N]. C4: an input in `!quipu.i8x32` goes with a
    weight in a block format, one in bf16 or f16 with an even K and a weight that is
    not f32; others are f32. C5: the quantised form is one of the input, for a weight of
    mixed formats. C6: the ids are [M, chosen] in i32, what a `top_k` has chosen of E.
    C7: with a matrix for each head the input has heads.
  }];
  let arguments = (ins Quipu_Activation:$input, Optional<Quipu_Activation>:$quantized,
                       Quipu_WeightAttr:$weight, Optional<Quipu_Activation>:$ids, UnitAttr:$of_heads,
                       OptionalAttr<Quipu_VectorAttr>:$bias, TypedArrayAttrBase<Quipu_Size, "output shape">:$shape);
  let assemblyFormat = [{
    $input (`or` $quantized^)? `,` custom<Weight>($weight) (`of` custom<Stack>($ids, $of_heads)^)? (`bias` custom<Weight>($bias)^)?
    `->` custom<Shape>($shape) attr-dict custom<BoundForms>(type($input), type($quantized), type($ids), type($result), ref($ids))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = baseDeclaration # [{
    /// Whether the weight is a stack of matrices.
    bool isStack() { return getIds() || getOfHeads(); }
    /// How many matrices a token is multiplied by; 1 where the weight is no stack.
    int64_t getChosen();
    /// That of the matrix, or of each in the stack: its rows and columns.
    int64_t getRows() { return *std::prev(getWeight().getType().getShape().end(), 2); }
    int64_t getColumns() { return getWeight().getType().getShape().back(); }
    /// Whether the input has a row for each matrix that a token is multiplied by.
    bool hasRowPerChoice();
  }];
}

def Quipu_QuantizeOp : Quipu_ComputeOp<"quantize", "quantized", "FusionRole::Row", [NoMemoryEffect, Quipu_Tokenwise]> {
  let summary = "a row to what dot products multiply: 8-bit integers with scales, bf16 or f16";
  let description = [{
    To 8-bit integers, in blocks of 32 with a scale each: d = max|x| / 127,
    q = round-to-even(x / d), per block of the last dimension; a block of zeros
    has d = 0. f32 [M, ...] -> `!quipu.i8x32` [M, product]. `as bf16` or
    `as f16`: to the nearest such number, of two the even one -> [M, product];
    what is beyond the range of f16 becomes its largest number. `each` keeps
    the dimensions: the last one is a row of its own.

    C1: a row's numbers are a multiple of 32, of 2 as bf16 or f16. C2: there is no
    other element type.
  }];
  let arguments = (ins Quipu_Activation:$input, UnitAttr:$each, OptionalAttr<TypeAttr>:$element);
  let assemblyFormat = [{
    $input (`each` $each^)? (`as` $element^)? attr-dict custom<Bound>(type($input), type($result))
  }];
}

#endif // QUIPU_LINEAR
