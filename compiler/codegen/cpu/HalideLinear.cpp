//===- HalideLinear.cpp - Linear layers as Halide functions ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/HalideOps.h"

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), b("b"), m("m"), g("g");

FloatValue KernelBuilder::linear(const QuantizedValue &x,
                                 const std::string &weight,
                                 WeightLayout layout) {
  Linear op;
  op.layout = layout;
  bool nibbles = layout.format != WeightFormat::Q8_0;
  int64_t bytes = layout.tileBytes();
  op.bytes = Func("bytes");
  op.accumulator = Func("accumulator");
  op.dot = Func("dot");
  int64_t block = layout.blockBytes(), offset = layout.valueOffset();
  ImageParam w =
      nibbles ? buffer(weight, UInt(32), {1, 16, block / 4, bytes / 4}, offset)
              : buffer(weight, UInt(8), {1, 64, block, bytes}, offset);
  ImageParam scales = buffer(weight, Float(16), {1, block / 2, bytes / 2});
  if (nibbles) {
    // 16 times the nibble: one operation less for the high one, and a byte
    // whose range does not fit into int8, which would lose the dot product.
    Expr word = w(i / 4, g % 4, b, t),
         high = Internal::make_const(UInt(32), int64_t(0xf0f0f0f0));
    op.bytes(i, g, b, t) = extract_bits<uint8_t>(
        select(g < 4, (word << 4) & high, word & high), 8 * (i % 4));
  } else {
    op.bytes(i, g, b, t) = w(i, g, b, t);
  }
  op.inner = RDom(0, 4, 0, 8);
  op.outer = RDom(0, int(layout.blocks()));
  Expr zero = layout.format == WeightFormat::Q4_1 ? i32(0) : x.starts(b, m);
  op.accumulator(r, t, b, m) = zero;
  op.accumulator(r, t, b, m) +=
      i32(op.bytes(r * 4 + op.inner.x, op.inner.y, b, t)) *
      i32(x.values(op.inner.y * 4 + op.inner.x, b, m));
  RVar k = op.outer.x;
  op.dot(r, t, m) = 0.0f;
  Expr sum = op.dot(r, t, m) + f32(op.accumulator(r, t, k, m)) *
                                   (f32(scales(r, k, t)) * x.scales(k, m));
  if (layout.format == WeightFormat::Q4_1) {
    ImageParam minima = buffer(weight, Float(16), {1, block / 2, bytes / 2},
                               layout.minOffset());
    sum = sum + f32(minima(r, k, t)) * x.sums(k, m);
  }
  op.dot(r, t, m) = sum;

  FloatValue y;
  y.form = Form::Tiles;
  y.width = layout.n;
  y.linears.push_back(linears.size());
  y.func = Func("linear");
  y.func(r, t, m) = nibbles ? op.dot(r, t, m) * 0.0625f : op.dot(r, t, m);
  linears.push_back(op);
  return y;
}

FloatValue KernelBuilder::linear(const FloatValue &x, const std::string &weight,
                                 WeightLayout layout) {
  Linear op;
  op.layout = layout;
  Type type = getElementType(layout.format);
  int64_t tile = layout.tileBytes() / type.bytes();
  ImageParam w = buffer(weight, type, {1, 16, tile});
  w.set_host_alignment(16 * type.bytes());
  op.dot = Func("dot");
  op.outer = RDom(0, int(layout.k));
  Func in = x.func;
  op.dot(r, t, m) = 0.0f;
  op.dot(r, t, m) += f32(w(r, op.outer.x, t)) * in(op.outer.x, m);
  FloatValue y;
  y.form = Form::Tiles;
  y.width = layout.n;
  y.linears.push_back(linears.size());
  y.func = op.dot;
  linears.push_back(op);
  return y;
}
