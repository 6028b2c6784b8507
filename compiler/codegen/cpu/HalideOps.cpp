//===- HalideOps.cpp - The ops of a kernel as Halide functions ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rounding: the code generator fuses a product with the sum it goes into. Every
// sum here has at most one product that it could be fused with, or two where
// the first is taken, so that what is fused does not depend on the schedule.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/HalideOps.h"

#include <limits>

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), d("d"), h("h"), b("b"), m("m"), u("u");

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

Expr quipu::cpu::sumTree(int first, int count,
                         const std::function<Expr(int)> &f) {
  if (count == 1)
    return f(first);
  int half = count / 2;
  return sumTree(first, half, f) + sumTree(first + half, count - half, f);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

KernelBuilder::KernelBuilder(std::string name, int64_t tokens,
                             RegisterTile tile)
    : name(std::move(name)), tokens(tokens), tile(tile) {
  if (tokens == 1)
    return;
  rowsFirst = scalar("rows_first");
  rowsCount = scalar("rows_count");
}

ImageParam KernelBuilder::buffer(const std::string &name, Type type,
                                 std::vector<int64_t> strides, int64_t offset) {
  ImageParam param(type, strides.size());
  for (size_t dim = 0; dim < strides.size(); ++dim)
    param.dim(dim).set_min(0).set_stride(i32(int(strides[dim])));
  arguments.push_back({name, /*isScalar=*/false, offset});
  halideArguments.push_back(param);
  return param;
}

Param<int32_t> KernelBuilder::scalar(const std::string &name) {
  Param<int32_t> param;
  arguments.push_back({name, /*isScalar=*/true, 0});
  halideArguments.push_back(param);
  return param;
}

FloatValue KernelBuilder::rows(const std::string &name, int64_t width,
                               int64_t stride) {
  FloatValue x;
  x.width = width;
  ImageParam in = buffer(name, Float(32), {1, stride});
  in.set_host_alignment(4);
  x.func = Func("rows");
  x.func(i, m) = in(i, m);
  return x;
}

QuantizedValue KernelBuilder::quantizedRows(const std::string &name,
                                            int64_t width) {
  QuantizedRowLayout layout{width};
  int64_t row = layout.bytes();
  ImageParam values = buffer(name, Int(8), {1, 32, row});
  ImageParam scales =
      buffer(name, Float(32), {1, row / 4}, layout.scaleOffset());
  ImageParam starts = buffer(name, Int(32), {1, row / 4}, layout.startOffset());
  ImageParam sums = buffer(name, Float(32), {1, row / 4}, layout.sumOffset());
  QuantizedValue x;
  x.width = width;
  x.values(i, b, m) = values(i, b, m);
  x.scales(b, m) = scales(b, m);
  x.starts(b, m) = starts(b, m);
  x.sums(b, m) = sums(b, m);
  return x;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static Type elementType(WeightFormat format) {
  switch (format) {
  case WeightFormat::F32:
    return Float(32);
  case WeightFormat::BF16:
    return BFloat(16);
  default:
    return Float(16);
  }
}

FloatValue KernelBuilder::embed(const std::string &tokenIds,
                                const std::string &weight,
                                WeightLayout layout) {
  ImageParam ids = buffer(tokenIds, Int(32), {1});
  Expr id = unsafe_promise_clamped(ids(m), 0, int(layout.n - 1));
  Expr tile = id / 16, lane = id % 16;
  FloatValue x;
  x.width = layout.k;
  x.func = Func("embedding");
  int64_t bytes = layout.tileBytes();
  if (!isQuantized(layout.format)) {
    Type type = elementType(layout.format);
    ImageParam w = buffer(weight, type, {1, 16, bytes / type.bytes()});
    x.func(i, m) = f32(w(lane, i, tile));
    return x;
  }
  int64_t block = layout.blockBytes();
  ImageParam w =
      buffer(weight, UInt(8), {1, 4, 64, block, bytes}, layout.valueOffset());
  ImageParam scales = buffer(weight, Float(16), {1, block / 2, bytes / 2});
  Expr scale = f32(scales(lane, i / 32, tile));
  Expr group = (i % 32) / 4;
  if (layout.format == WeightFormat::Q8_0) {
    Expr value = i32(w(i % 4, lane, group, i / 32, tile)) - 128;
    x.func(i, m) = f32(value) * scale;
    return x;
  }
  Expr byte = i32(w(i % 4, lane, group % 4, i / 32, tile));
  Expr nibble = select(group < 4, byte & 15, byte >> 4);
  if (layout.format == WeightFormat::Q4_0) {
    x.func(i, m) = f32(nibble - 8) * scale;
    return x;
  }
  ImageParam minima =
      buffer(weight, Float(16), {1, block / 2, bytes / 2}, layout.minOffset());
  x.func(i, m) = f32(nibble) * scale + f32(minima(lane, i / 32, tile));
  return x;
}

FloatValue KernelBuilder::rmsNorm(const FloatValue &x,
                                  const std::string &weight, float epsilon) {
  ImageParam w = buffer(weight, Float(32), {1});
  Norm norm;
  norm.width = x.form == Form::Heads ? x.headDim : x.width;
  norm.lanes = 64;
  while (norm.width % norm.lanes)
    norm.lanes /= 2;
  norm.partial = Func("squares");
  norm.folded = Func("squares_folded");
  norm.factor = Func("norm_factor");

  RDom k(0, int(norm.width / norm.lanes));
  Func f = x.func;
  std::vector<Var> outer = {m};
  if (x.form == Form::Heads)
    outer = {h, m};
  auto with = [&](Expr first) {
    std::vector<Expr> all = {first};
    all.insert(all.end(), outer.begin(), outer.end());
    return all;
  };
  auto vars = [&](Var first) {
    std::vector<Var> all = {first};
    all.insert(all.end(), outer.begin(), outer.end());
    return all;
  };
  Expr element = f(with(k * norm.lanes + u));
  norm.partial(vars(u)) = 0.0f;
  norm.partial(with(u)) += element * element;
  int lanes = std::min(norm.lanes, 16);
  norm.folded(vars(u)) = sumTree(0, norm.lanes / lanes, [&](int part) {
    return Expr(norm.partial(with(u + part * lanes)));
  });
  Expr total = sumTree(0, lanes,
                       [&](int lane) { return Expr(norm.folded(with(lane))); });
  norm.factor(outer) = 1.0f / sqrt(total / float(norm.width) + epsilon);

  FloatValue y = x;
  y.func = Func("normed");
  std::vector<Expr> row(outer.begin(), outer.end());
  y.func(vars(i)) = (f(with(i)) * norm.factor(row)) * w(i);
  y.norms.push_back(norms.size());
  norms.push_back(norm);
  return y;
}

QuantizedValue KernelBuilder::quantize(const FloatValue &x) {
  Quantize q;
  q.width = x.width;
  q.input = Func("input");
  q.largest = Func("largest");
  q.inverse = Func("inverse");
  q.rounded = Func("rounded");
  q.total = Func("total");
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
  q.total(b, m) = 0;
  q.total(b, m) += i32(q.rounded(k, b, m));

  q.to.width = x.width;
  q.to.values = q.rounded;
  q.to.scales(b, m) = largest / 127.0f;
  q.to.starts(b, m) = q.total(b, m) * -128;
  q.to.sums(b, m) = f32(q.total(b, m)) * (q.to.scales(b, m) * 16.0f);
  quantizes.push_back(q);
  return q.to;
}

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
  Var g("g");
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
  Type type = elementType(layout.format);
  int64_t tile = layout.k * tileRows;
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

/// The form of x and y together, with what both are computed from.
static FloatValue join(const FloatValue &x, const FloatValue &y) {
  FloatValue z = x.form >= y.form ? x : y;
  const FloatValue &other = x.form >= y.form ? y : x;
  z.linears.insert(z.linears.end(), other.linears.begin(), other.linears.end());
  return z;
}

FloatValue KernelBuilder::bias(const FloatValue &x, const std::string &bias) {
  FloatValue y;
  ImageParam in = buffer(bias, Float(32), {1});
  y.func(i, m) = in(i);
  y.width = x.width;
  return add(x, y);
}

FloatValue KernelBuilder::add(const FloatValue &x, const FloatValue &y) {
  FloatValue z = join(x, y);
  define(z, at(x, z.form, z.headDim) + at(y, z.form, z.headDim));
  return z;
}

FloatValue KernelBuilder::multiply(const FloatValue &x, float factor) {
  FloatValue y = x;
  define(y, at(x, x.form, x.headDim) * factor);
  return y;
}

FloatValue KernelBuilder::swiglu(const FloatValue &gate, const FloatValue &up) {
  FloatValue z = join(gate, up);
  Expr g = at(gate, z.form, z.headDim);
  define(z, g / (1.0f + exponential(-g)) * at(up, z.form, z.headDim));
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
  y.head = y.func;
  return y;
}

FloatValue KernelBuilder::rope(const FloatValue &heads,
                               const std::string &table, RopeShape shape) {
  int dims = shape.dims, half = dims / 2;
  ImageParam angles = buffer(table, Float(32), {1, 2, (dims + 15) / 16 * 16});
  Func x = heads.func;
  bool adjacent = shape.pairing == RopePairing::Adjacent;
  Expr second = adjacent ? d % 2 == 1 : d >= half;
  Expr step = adjacent ? 1 : half;
  Expr partner = clamp(select(second, d - step, d + step), 0, dims - 1);
  Expr pair = clamp(adjacent ? d / 2 : d % half, 0, half - 1);
  Expr cosine = angles(0, pair, m), sine = angles(1, pair, m);
  Expr turned =
      x(d, h, m) * cosine + x(partner, h, m) * select(second, sine, -sine);
  FloatValue y = heads;
  y.func = Func("rope");
  y.func(d, h, m) =
      dims == heads.headDim ? turned : select(d < dims, turned, x(d, h, m));
  return y;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

KernelBuilder::Output &
KernelBuilder::addOutput(Output::Kind kind, const std::string &name,
                         int64_t units, int64_t unitBytes, int64_t rowBytes) {
  Output output;
  output.kind = kind;
  output.result = results.size();
  results.push_back({name, units, unitBytes, rowBytes});
  if (kind == Output::Tiles || kind == Output::Heads || kind == Output::Cache) {
    output.first = scalar(name + "_first");
    output.count = scalar(name + "_count");
  }
  outputArguments.push_back({name});
  outputs.push_back(output);
  return outputs.back();
}

int64_t KernelBuilder::tilesAtOnce(int64_t tiles) const {
  int64_t most = tile.tiles;
  while (tiles % most)
    --most;
  return most;
}

void KernelBuilder::result(const std::string &name, const FloatValue &x,
                           int64_t stride) {
  int64_t rowBytes = tokens == 1 ? 0 : stride * 4;
  if (x.form == Form::Rows) {
    Output &output = addOutput(Output::Rows, name, 1, 0, rowBytes);
    output.value = x;
    output.func = Func("result");
    output.func(i, m) = x.func(i, m);
    output.func.output_buffer().dim(0).set_bounds(0, int(x.width));
    output.func.output_buffer().dim(1).set_bounds(0, 1);
    return;
  }
  bool isTiles = x.form == Form::Tiles;
  int64_t unit = isTiles ? tilesAtOnce((x.width + tileRows - 1) / tileRows) : 1;
  int64_t width = isTiles ? tileRows : x.headDim;
  int64_t units = (x.width + width * unit - 1) / (width * unit);
  Output &output = addOutput(isTiles ? Output::Tiles : Output::Heads, name,
                             units, width * unit * 4, rowBytes);
  output.value = x;
  output.func = Func("result");
  if (isTiles)
    output.func(r, u, t, m) = x.func(r, t * int(unit) + u, m);
  else
    output.func(d, h, m) = x.func(d, h, m);
  OutputImageParam out = output.func.output_buffer();
  int grid = isTiles ? 2 : 1;
  out.dim(0).set_bounds(0, int(width)).set_stride(1);
  if (isTiles)
    out.dim(1).set_bounds(0, int(unit)).set_stride(int(width));
  out.dim(grid).set_bounds(output.first, output.count);
  out.dim(grid).set_stride(int(width * unit));
  if (tokens == 1)
    out.dim(grid + 1).set_bounds(0, 1);
  else
    out.dim(grid + 1).set_bounds(rowsFirst, rowsCount);
  out.dim(grid + 1).set_stride(int(stride));
}

void KernelBuilder::result(const std::string &name, const QuantizedValue &x) {
  QuantizedRowLayout layout{x.width};
  results.push_back({name, 1, 0, 0});
  auto add = [&](Func part, int64_t offset) {
    Output output;
    output.kind = Output::Quantized;
    output.result = results.size() - 1;
    output.func = Func("result");
    output.func(_) = part(_);
    OutputImageParam out = output.func.output_buffer();
    int row = part.dimensions() - 1;
    out.dim(row).set_bounds(0, 1);
    out.dim(row - 1).set_bounds(0, int(layout.blocks()));
    if (row == 2) {
      out.dim(0).set_bounds(0, int(blockSize));
      out.dim(1).set_stride(int(blockSize));
    }
    outputArguments.push_back({name, /*isScalar=*/false, offset});
    outputs.push_back(output);
  };
  add(x.values, 0);
  add(x.scales, layout.scaleOffset());
  add(x.starts, layout.startOffset());
  add(x.sums, layout.sumOffset());
}

void KernelBuilder::writeKeys(const std::string &name, const FloatValue &heads,
                              CacheShape shape) {
  writeCache(name, heads, shape, /*keys=*/true);
}

void KernelBuilder::writeValues(const std::string &name,
                                const FloatValue &heads, CacheShape shape) {
  writeCache(name, heads, shape, /*keys=*/false);
}

void KernelBuilder::writeCache(const std::string &name, const FloatValue &heads,
                               CacheShape shape, bool keys) {
  if (!context) {
    context = scalar("context");
    positions = buffer("positions", Int(32), {1});
    sequences = buffer("sequences", Int(32), {1});
  }
  Output &output = addOutput(Output::Cache, name, shape.kvHeads, 0, 0);
  output.value = heads;
  output.stored = Func("stored");
  Type type = shape.isHalf ? Float(16) : Float(32);
  (*output.stored)(d, h, m) = cast(type, heads.func(d, h, m));

  // Rows that only fill up a group of tokens must not reach the cache.
  int headDim = shape.headDim, group = tokensAtOnce();
  Expr count = tokens == 1 ? Expr(1) : Expr(rowsCount);
  output.loops = RDom(0, headDim, 0, group, 0, (count + group - 1) / group, 0,
                      output.count);
  RDom &loop = output.loops;
  Expr row = tokens == 1 ? Expr(loop.y) : rowsFirst + loop.z * group + loop.y;
  if (tokens > 1)
    loop.where(loop.z * group + loop.y < rowsCount);
  Expr head = output.first + loop.w;
  // Halide wants bounds; the runtime has checked them.
  int most = std::numeric_limits<int32_t>::max();
  Expr position = unsafe_promise_clamped((*positions)(row), 0, *context - 1);
  Expr slot = unsafe_promise_clamped((*sequences)(row), 0,
                                     most / int(shape.kvHeads) - 1);
  Expr place = slot * int(shape.kvHeads) + head;
  Expr value = (*output.stored)(loop.x, head, row);

  Func cache("cache");
  if (keys) {
    cache(r, d, u) = undef(type);
    cache(position % 16, loop.x, place * (*context / 16) + position / 16) =
        value;
  } else {
    cache(d, u) = undef(type);
    cache(loop.x, place * *context + position) = value;
  }
  output.func = cache;
  OutputImageParam out = cache.output_buffer();
  out.dim(0).set_min(0);
  out.dim(1).set_min(0).set_stride(keys ? 16 : headDim);
  if (keys)
    out.dim(2).set_min(0).set_stride(16 * headDim);
}

Pipeline KernelBuilder::pipeline() const {
  std::vector<Func> funcs;
  for (const Output &output : outputs)
    funcs.push_back(output.func);
  return Pipeline(funcs);
}
