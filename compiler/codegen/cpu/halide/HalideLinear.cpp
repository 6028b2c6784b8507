//===- HalideLinear.cpp - Linear layers as Halide functions ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), b("b"), m("m"), g("g"), h("h"), c("c"),
    p("p");

FloatValue KernelBuilder::linear(const QuantizedValue &x, BufferOwner weight,
                                 WeightLayout layout) {
  const WeightFormat &format = *layout.format;
  UnpackedWeight unpacked = unpack(weight, layout);
  Linear op;
  op.layout = layout;
  op.bytes = unpacked.bytes;
  op.codes = unpacked.codes;
  int shift = codeShift(format);
  // Codes that fill their bytes become signed by losing 128, others by their
  // type only.
  bool isCentred =
      vectors.hasSignedDots && (format.values || format.codeBits == 8);
  if (vectors.hasSignedDots) {
    Expr byte = unpacked.bytes(i, g, c, p, t);
    op.bytes = Func("signed_bytes");
    op.bytes(i, g, c, p, t) = i8(isCentred ? byte ^ u8(128) : byte);
  }
  op.factor = unpacked.factor;
  op.floor = unpacked.floor;
  op.accumulator = Func("accumulator");
  op.dot = Func("dot");

  int halves = blockSize / format.groupElements;
  int groups = 8 / halves, columns = layout.packedElements() / blockSize;
  op.inner = RDom(0, 4, 0, groups);
  op.outer = RDom(0, halves, 0, columns, 0, int(layout.packedBlocks()));
  auto start = [&](Expr block) {
    if (format.hasMinima || isCentred)
      return i32(0);
    Expr start =
        halves == 1 ? x.starts(block, m) : x.halfStarts(block * 2 + h, m);
    // The code offset is 128 of codes at the top.
    return vectors.hasSignedDots ? start >> int(8 - format.codeBits) : start;
  };
  Expr block = p * columns + c, group = h * groups + op.inner.y;
  op.accumulator(r, t, h, c, p, m) = start(block);
  Expr byte = op.bytes(r * 4 + op.inner.x, group, c, p, t);
  // Of a panel in memory only this tells LowerDotProducts that codes are small.
  if (tile.panel && vectors.lanes == 8 && shift)
    byte = byte & u8(0xff << shift);
  op.accumulator(r, t, h, c, p, m) +=
      i32(byte) * i32(x.values(group * 4 + op.inner.x, block, m));

  RVar rh = op.outer.x, rc = op.outer.y, rp = op.outer.z;
  block = rp * columns + rc;
  op.dot(r, t, m) = 0.0f;
  Expr sum =
      op.dot(r, t, m) + f32(op.accumulator(r, t, rh, rc, rp, m)) *
                            (op.factor(r, rh, rc, rp, t) * x.scales(block, m));
  if (format.hasMinima)
    sum = sum +
          op.floor(r, rh, rc, rp, t) *
              (halves == 1 ? x.sums(block, m) : x.halfSums(block * 2 + rh, m));
  op.dot(r, t, m) = sum;

  FloatValue y;
  y.form = Form::Tiles;
  y.width = layout.n;
  y.linears.push_back(linears.size());
  y.func = Func("linear");
  y.func(r, t, m) =
      shift ? op.dot(r, t, m) * (1.0f / float(1 << shift)) : op.dot(r, t, m);
  linears.push_back(op);
  return y;
}

FloatValue KernelBuilder::linear(const FloatValue &x, BufferOwner weight,
                                 WeightLayout layout) {
  Linear op;
  op.layout = layout;
  Func w = unpackFloats(weight, layout), in = x.func;
  int together = layout.interleavedColumns();
  op.dot = Func("dot");
  op.outer = RDom(0, int(layout.k) / together);
  op.dot(r, t, m) = 0.0f;
  Expr sum = op.dot(r, t, m);
  // The last column first, as vdpbf16ps adds its products.
  for (int i = together - 1; i >= 0; --i) {
    Expr column = op.outer.x * together + i;
    sum = sum + w(r, column, t) * in(column, m);
  }
  op.dot(r, t, m) = sum;
  FloatValue y;
  y.form = Form::Tiles;
  y.width = layout.n;
  y.linears.push_back(linears.size());
  y.func = op.dot;
  linears.push_back(op);
  return y;
}
