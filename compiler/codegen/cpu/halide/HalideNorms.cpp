//===- HalideNorms.cpp - Norms and softmax as Halide functions ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What they need of a row, or of each head, is reduced first: in partial sums,
// whose number and order follow from the width alone.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

#include <algorithm>
#include <limits>

using namespace quipu;
using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), h("h"), m("m"), u("u");

/// A number's place in a row, or in a head of one.
static std::vector<Expr> placeOf(const FloatValue &x, const Expr &first) {
  if (x.form == Form::Heads)
    return {first, h, m};
  return {first, m};
}

/// The row, or the head and the row.
static std::vector<Expr> rowOf(const FloatValue &x) {
  if (x.form == Form::Heads)
    return {h, m};
  return {m};
}

static Expr numberOf(const FloatValue &x) { return x.func(placeOf(x, i)); }

/// In which numbers are added up. Heads are normed beside the linear layer they
/// come from, whose schedule decides what is in registers, and with it which
/// products are fused with sums. A product of two f32 is exact in f64, fused or
/// not.
static Type sumType(const FloatValue &x) {
  return Float(x.form == Form::Heads ? 64 : 32);
}

static Expr square(const FloatValue &x, const Expr &number) {
  Expr wide = cast(sumType(x), number);
  return wide * wide;
}

Func KernelBuilder::reduce(const FloatValue &x, const Reduction &reduction,
                           FloatValue &y) {
  bool isOfHeads = x.form == Form::Heads;
  Norm norm;
  norm.width = isOfHeads ? x.headDim : x.width;
  norm.lanes = isOfHeads ? 16 : 64;
  while (norm.width % norm.lanes)
    norm.lanes /= 2;
  norm.partial = Func("partial");
  norm.folded = Func("partial_folded");
  norm.factor = Func("norm_factor");

  auto combine = [&](const Expr &a, const Expr &b) {
    return reduction.isLargest ? max(a, b) : a + b;
  };
  RDom k(0, int(norm.width / norm.lanes));
  std::vector<Var> row = {m}, lane = {u, m};
  if (isOfHeads)
    row = {h, m}, lane = {u, h, m};
  Expr number = reduction.addend(x.func(placeOf(x, k * norm.lanes + u)));
  norm.partial(lane) = reduction.isLargest
                           ? Expr(-std::numeric_limits<float>::infinity())
                           : cast(number.type(), 0.0f);
  std::vector<Expr> at = placeOf(x, u);
  norm.partial(at) = combine(norm.partial(at), number);
  int lanes = std::min(norm.lanes, 16);
  norm.folded(lane) =
      combineTree(0, norm.lanes / lanes, combine, [&](int part) {
        return Expr(norm.partial(placeOf(x, u + part * lanes)));
      });
  Expr total = combineTree(0, lanes, combine, [&](int lane) {
    return Expr(norm.folded(placeOf(x, lane)));
  });
  norm.factor(row) = f32(reduction.factor(total, int(norm.width)));
  y.norms.push_back(norms.size());
  norms.push_back(norm);
  return norm.factor;
}

FloatValue KernelBuilder::finish(FloatValue y, Expr number,
                                 const NormVectors &vectors) {
  auto read = [&](const NormVector &vector) {
    ImageParam in = buffer(vector.owner, Float(32), {1});
    bool isOfEachHead = y.form == Form::Heads && vector.numbers > y.headDim;
    return Expr(isOfEachHead ? in(h * int(y.headDim) + i) : in(i));
  };
  if (vectors.weight)
    number = number * read(*vectors.weight);
  if (vectors.bias)
    number = number + read(*vectors.bias);
  y.func = Func("normed");
  if (y.form == Form::Heads)
    y.func(i, h, m) = number;
  else
    y.func(i, m) = number;
  return y;
}

FloatValue KernelBuilder::rmsNorm(const FloatValue &x,
                                  const NormVectors &vectors, float epsilon) {
  FloatValue y = x;
  Func factor = reduce(x,
                       {[&](const Expr &number) { return square(x, number); },
                        [&](const Expr &total, int width) {
                          return 1.0f / sqrt(total / float(width) + epsilon);
                        }},
                       y);
  return finish(y, numberOf(x) * factor(rowOf(x)), vectors);
}

FloatValue KernelBuilder::layerNorm(const FloatValue &x,
                                    const NormVectors &vectors, float epsilon) {
  FloatValue y = x;
  Func mean = reduce(
      x,
      {[&](const Expr &number) { return cast(sumType(x), number); },
       [](const Expr &total, int width) { return total / float(width); }},
      y);
  auto centre = [&](const Expr &number) { return number - mean(rowOf(x)); };
  Func factor =
      reduce(x,
             {[&](const Expr &number) { return square(x, centre(number)); },
              [&](const Expr &total, int width) {
                return 1.0f / sqrt(total / float(width) + epsilon);
              }},
             y);
  return finish(y, centre(numberOf(x)) * factor(rowOf(x)), vectors);
}

FloatValue KernelBuilder::l2Norm(const FloatValue &x) {
  FloatValue y = x;
  Func factor = reduce(
      x,
      {[&](const Expr &number) { return square(x, number); },
       [](const Expr &total, int) { return 1.0f / max(sqrt(total), 1e-12f); }},
      y);
  return finish(y, numberOf(x) * factor(rowOf(x)), {});
}

FloatValue KernelBuilder::softmax(const FloatValue &x) {
  FloatValue y = x;
  Func largest = reduce(x,
                        {[](const Expr &number) { return number; },
                         [](const Expr &most, int) { return most; },
                         /*isLargest=*/true},
                        y);
  auto raise = [&](const Expr &number) {
    return exponential(number - largest(rowOf(x)));
  };
  Func factor = reduce(
      x,
      {[&](const Expr &number) { return cast(sumType(x), raise(number)); },
       [](const Expr &total, int) { return 1.0f / total; }},
      y);
  return finish(y, raise(numberOf(x)) * factor(rowOf(x)), {});
}
