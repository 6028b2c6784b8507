//===- QuipuNorms.td - Ops that reduce rows or heads -------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A part of Quipu.td, which has what stands before.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_NORMS
#define QUIPU_NORMS

/// A norm goes over what its weight has numbers for, see getNormShape.
class Quipu_NormOp<string name>
    : Quipu_AlikeOp<name, "norm", "getNormRole(*this)", [NoMemoryEffect, Quipu_Tokenwise, Quipu_NormInterface]> {
  let hasVerifier = 1;
}

def Quipu_RMSNormOp : Quipu_NormOp<"rms_norm"> {
  let summary = "w * x / sqrt(mean(x^2) + eps), over what the weight has";
  let description = [{
    Zhang & Sennrich 2019, equation 4. [M, ..., D] -> the same. Over the last
    dimension, with a weight of D numbers, or of [H, D] where each head has its
    own; a weight of H * D numbers is for the whole token. Without a weight, over
    the last dimension and not multiplied. Where an `optional` weight is not in the
    checkpoint, binding leaves the norm out.
    C1: the weight has D numbers in f32, or is [H * D] or [H, D] for [M, H, D].
    C2: eps is positive.
  }];
  let arguments = (ins Quipu_Activation:$input, OptionalAttr<Quipu_VectorAttr>:$weight, Quipu_Real:$eps);
  let assemblyFormat = [{
    $input (`,` custom<Weight>($weight)^)? `eps` custom<Real>($eps) attr-dict
    custom<Bound>(type($input), type($result))
  }];
}

def Quipu_LayerNormOp : Quipu_NormOp<"layer_norm"> {
  let summary = "w * (x - mean(x)) / sqrt(variance(x) + eps) (+ b), over what the weight has";
  let description = [{
    Ba 2016, equation 4; the variance is the mean of (x - mean(x))^2. What the weight
    has is normed as by rms_norm.
    C1: the weight has D numbers in f32, or is [H * D] or [H, D] for [M, H, D].
    C2: eps is positive. C3: the bias has the shape of the weight, or D numbers.
  }];
  let arguments = (ins Quipu_Activation:$input, OptionalAttr<Quipu_VectorAttr>:$weight,
                       OptionalAttr<Quipu_VectorAttr>:$bias, Quipu_Real:$eps);
  let assemblyFormat = [{
    $input (`,` custom<Weight>($weight)^)? (`bias` custom<Weight>($bias)^)? `eps` custom<Real>($eps)
    attr-dict custom<Bound>(type($input), type($result))
  }];
}

def Quipu_L2NormOp : Quipu_UnaryOp<"l2_norm", "unit", "getReductionRole(getInput())"> {
  let summary = "x / max(sqrt(sum(x^2)), 1e-12), over the last dimension";
}

def Quipu_SoftmaxOp : Quipu_UnaryOp<"softmax", "probabilities", "getReductionRole(getInput())"> {
  let summary = "e^x / sum(e^x), over the last dimension";
}

#endif // QUIPU_NORMS
