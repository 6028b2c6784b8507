//===- HalideOps.cpp - The ops of a kernel as Halide functions ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

#include <algorithm>

using namespace quipu;
using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), d("d"), h("h"), b("b"), m("m");

QuantizedValue KernelBuilder::quantize(const FloatValue &x) {
  Quantize q;
  q.width = x.width;
  q.input = Func("input");
  q.largest = Func("largest");
  q.inverse = Func("inverse");
  q.rounded = Func("rounded");
  q.halfTotal = Func("half_total");
  q.input(i, m) = x.func(i, m);
  // Positive floats order like their bits, and integers may be reduced in any
  // order.
  RDom k(0, int(blockSize));
  q.largest(b, m) = 0;
  q.largest(b, m) =
      max(q.largest(b, m), reinterpret<int32_t>(abs(q.input(b * 32 + k, m))));
  Expr largest = reinterpret<float>(q.largest(b, m));
  q.inverse(b, m) = select(largest > 1e-30f, 127.0f / largest, 0.0f);
  q.rounded(i, b, m) = i8(i32(round(q.input(b * 32 + i, m) * q.inverse(b, m))));
  RDom kh(0, int(blockSize / 2));
  q.halfTotal(b, m) = 0;
  q.halfTotal(b, m) += i32(q.rounded(b % 2 * 16 + kh, b / 2, m));

  q.to.width = x.width;
  q.to.values = q.rounded;
  q.to.scales(b, m) = largest / 127.0f;
  Expr total = q.halfTotal(b * 2, m) + q.halfTotal(b * 2 + 1, m);
  q.to.starts(b, m) = total * -128;
  q.to.sums(b, m) = f32(total) * (q.to.scales(b, m) * 16.0f);
  q.to.halfStarts(b, m) = q.halfTotal(b, m) * -128;
  q.to.halfSums(b, m) =
      f32(q.halfTotal(b, m)) * (q.to.scales(b / 2, m) * 16.0f);
  quantizes.push_back(q);
  return q.to;
}

FloatValue KernelBuilder::roundToPairs(const FloatValue &x) {
  auto round = [&](Expr column) {
    Expr bits = reinterpret<uint32_t>(x.func(column, m));
    Expr isNaN = (bits & Expr(0x7fffffffu)) > Expr(0x7f800000u);
    return select(isNaN, bits | Expr(0x400000u),
                  bits + 0x7fff + ((bits >> 16) & 1));
  };
  FloatValue y;
  y.width = x.width;
  y.pairs = Func("pairs");
  (*y.pairs)(i, m) =
      (round(i * 2) >> 16) | (round(i * 2 + 1) & Expr(0xffff0000u));
  y.func(i, m) = readPair((*y.pairs)(i / 2, m), i);
  pairs.push_back(*y.pairs);
  return y;
}

/// The value's element at the place that `like` indexes by its own variables.
static Expr at(const FloatValue &x, Form form, int64_t headDim) {
  Func f = x.func;
  if (form == Form::Rows)
    return f(i, m);
  if (x.form == form)
    return form == Form::Tiles ? f(r, t, m) : f(d, h, m);
  return form == Form::Tiles ? f(t * 16 + r, m) : f(h * int(headDim) + d, m);
}

static void define(FloatValue &y, Expr value) {
  y.func = Func("elementwise");
  if (y.form == Form::Rows)
    y.func(i, m) = value;
  else if (y.form == Form::Tiles)
    y.func(r, t, m) = value;
  else
    y.func(d, h, m) = value;
}

static void append(std::vector<unsigned> &indices,
                   const std::vector<unsigned> &more) {
  for (unsigned index : more)
    if (std::find(indices.begin(), indices.end(), index) == indices.end())
      indices.push_back(index);
}

FloatValue KernelBuilder::join(FloatValue &x, FloatValue &y) {
  for (auto [value, other] : {std::pair(&x, &y), std::pair(&y, &x)})
    if (value->form == Form::Tiles && other->form == Form::Heads)
      *value = heads(*value, other->headDim);
  FloatValue z = x.form >= y.form ? x : y;
  const FloatValue &other = x.form >= y.form ? y : x;
  append(z.linears, other.linears);
  append(z.inputHeads, other.inputHeads);
  append(z.norms, other.norms);
  return z;
}

FloatValue KernelBuilder::bias(const FloatValue &x, BufferOwner bias) {
  FloatValue y;
  ImageParam in = buffer(bias, Float(32), {1});
  y.func(i, m) = in(i);
  y.width = x.width;
  return add(x, y);
}

FloatValue KernelBuilder::add(FloatValue x, FloatValue y) {
  FloatValue z = join(x, y);
  define(z, at(x, z.form, z.headDim) + at(y, z.form, z.headDim));
  return z;
}

FloatValue KernelBuilder::multiply(const FloatValue &x, float factor) {
  FloatValue y = x;
  define(y, at(x, x.form, x.headDim) * factor);
  return y;
}

FloatValue KernelBuilder::multiply(FloatValue x, FloatValue y) {
  FloatValue z = join(x, y);
  define(z, at(x, z.form, z.headDim) * at(y, z.form, z.headDim));
  return z;
}

FloatValue KernelBuilder::sum(const FloatValue &each,
                              const FloatValue &weights) {
  FloatValue y;
  y.width = each.width / weights.width;
  y.func = Func("weighted_sum");
  Expr total = each.func(i, m) * weights.func(0, m);
  for (int k = 1; k < weights.width; ++k)
    total = total + each.func(i + k * int(y.width), m) * weights.func(k, m);
  y.func(i, m) = total;
  return y;
}

FloatValue KernelBuilder::activate(abi::Activation kind, const FloatValue &x) {
  FloatValue y = x;
  define(y, activation(kind, at(x, x.form, x.headDim)));
  return y;
}

FloatValue KernelBuilder::clamp(const FloatValue &x, float from, float to) {
  FloatValue y = x;
  Expr number = at(x, x.form, x.headDim);
  // Comparisons with what is no number are false: it stays.
  define(y, select(number < from, from, select(number > to, to, number)));
  return y;
}

FloatValue KernelBuilder::swiglu(FloatValue gate, FloatValue up) {
  FloatValue z = join(gate, up);
  define(z, activation(abi::Activation::Silu, at(gate, z.form, z.headDim)) *
                at(up, z.form, z.headDim));
  return z;
}

FloatValue KernelBuilder::heads(const FloatValue &x, int64_t headDim) {
  FloatValue y = x;
  y.form = Form::Heads;
  y.headDim = headDim;
  y.func = Func("head");
  int tiles = headDim / tileRows;
  if (x.form == Form::Tiles)
    y.func(d, h, m) = x.func(d % 16, h * tiles + d / 16, m);
  else
    y.func(d, h, m) = x.func(h * int(headDim) + d, m);
  y.linears.clear();
  y.inputHeads = {unsigned(inputHeads.size())};
  inputHeads.push_back({y.func, headDim, x.linears});
  return y;
}

FloatValue KernelBuilder::flatten(const FloatValue &heads) {
  FloatValue y = heads;
  y.form = Form::Rows;
  y.func = Func("row");
  y.func(i, m) = heads.func(i % int(heads.headDim), i / int(heads.headDim), m);
  y.inputHeads.clear();
  for (unsigned norm : heads.norms)
    norms[norm].isOfRow = true;
  return y;
}

FloatValue KernelBuilder::concat(const FloatValue &x, const FloatValue &y) {
  FloatValue z = x;
  z.headDim = x.headDim + y.headDim;
  int64_t xHeads = x.width / x.headDim, yHeads = y.width / y.headDim;
  z.width = std::max(xHeads, yHeads) * z.headDim;
  append(z.inputHeads, y.inputHeads);
  append(z.norms, y.norms);
  int xDim = int(x.headDim), yDim = int(y.headDim);
  Expr first =
      x.func(Halide::clamp(d, 0, xDim - 1), xHeads == 1 ? Expr(0) : Expr(h), m);
  Expr second = y.func(Halide::clamp(d - xDim, 0, yDim - 1),
                       yHeads == 1 ? Expr(0) : Expr(h), m);
  z.func = Func("joined");
  z.func(d, h, m) = select(d < xDim, first, second);
  return z;
}

FloatValue KernelBuilder::rope(const FloatValue &heads, BufferOwner table,
                               RopeShape shape) {
  int first = shape.first, dims = shape.dims, half = dims / 2;
  ImageParam angles =
      buffer(table, Float(32), {1, 2, int64_t(dims + 15) / 16 * 16});
  Func x = heads.func;
  bool adjacent = shape.pairing == abi::RopePairing::Adjacent;
  Expr place = d - first;
  Expr second = adjacent ? place % 2 == 1 : place >= half;
  Expr step = adjacent ? 1 : half;
  Expr partner = Halide::clamp(select(second, d - step, d + step), first,
                               first + dims - 1);
  Expr pair = Halide::clamp(adjacent ? place / 2 : place % half, 0, half - 1);
  Expr cosine = angles(0, pair, m), sine = angles(1, pair, m);
  Expr turned =
      x(d, h, m) * cosine + x(partner, h, m) * select(second, sine, -sine);
  FloatValue y = heads;
  y.func = Func("rope");
  if (first)
    turned = select(d < first, x(d, h, m), turned);
  if (first + dims < heads.headDim)
    turned = select(d < first + dims, turned, x(d, h, m));
  y.func(d, h, m) = turned;
  return y;
}
