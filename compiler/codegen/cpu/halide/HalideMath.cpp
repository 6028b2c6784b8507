//===- HalideMath.cpp - Functions of real numbers in Halide ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rounding: the code generator fuses a product with the sum it goes into. Every
// sum here and in the ops has at most one product that it could be fused with,
// or two where the first is taken, so that what is fused does not depend on the
// schedule.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

using namespace quipu;
using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

Expr quipu::cpu::exponential(Expr x) {
  // Cephes' expf. The power of two is added to the exponent: no product that a
  // later sum could be fused with.
  x = clamp(x, -86.0f, 88.0f);
  Expr n = round(x * 1.44269504088896341f);
  Expr f = x - n * 0.693359375f;
  f = f - n * -2.12194440e-4f;
  Expr p = 1.9875691500e-4f * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = (p * (f * f) + f) + 1.0f;
  return reinterpret<float>(reinterpret<int32_t>(p) + (i32(n) << 23));
}

Expr quipu::cpu::readPair(Expr word, Expr column) {
  return reinterpret<float>(
      select(column % 2 == 0, word << 16, word & Expr(0xffff0000u)));
}

Expr quipu::cpu::combineTree(
    int first, int count,
    const std::function<Expr(const Expr &, const Expr &)> &combine,
    const std::function<Expr(int)> &f) {
  if (count == 1)
    return f(first);
  int half = count / 2;
  return combine(combineTree(first, half, combine, f),
                 combineTree(first + half, count - half, combine, f));
}

Expr quipu::cpu::sumTree(int first, int count,
                         const std::function<Expr(int)> &f) {
  auto add = [](const Expr &a, const Expr &b) { return a + b; };
  return combineTree(first, count, add, f);
}

/// sinh x / cosh x, after Cephes' tanhf: exact to the last bits near 0, too.
static Expr hyperbolicTangent(Expr x) {
  Expr z = x * x;
  Expr p = -5.70498872745e-3f * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  Expr large = 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
  return select(abs(x) < 0.625f, (p * z) * x + x, large);
}

/// The normal distribution's share below x, to 1e-7: Abramowitz and Stegun,
/// Handbook of Mathematical Functions, 7.1.26.
static Expr normalShare(Expr x) {
  Expr z = abs(x) * 0.707106781f;
  Expr t = 1.0f / (z * 0.3275911f + 1.0f);
  Expr p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  Expr tail = p * t * exponential(-(z * z)) * 0.5f;
  return select(x < 0.0f, tail, 1.0f - tail);
}

Expr quipu::cpu::activation(abi::Activation kind, Expr x) {
  switch (kind) {
  case abi::Activation::Silu:
    return x / (1.0f + exponential(-x));
  case abi::Activation::Gelu:
    return x * normalShare(x);
  case abi::Activation::GeluTanh: {
    // (1 + tanh u) / 2 = 1 / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
    Expr cubic = (x * x) * 0.044715f + 1.0f;
    return x / (1.0f + exponential((x * cubic) * -1.59576912f));
  }
  case abi::Activation::Relu:
    return max(x, 0.0f);
  case abi::Activation::Sigmoid:
    return 1.0f / (1.0f + exponential(-x));
  case abi::Activation::Tanh:
    return hyperbolicTangent(x);
  }
  throw InternalError("an unknown activation");
}
