//===- Attention.cpp - Attention over the cache ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/Attention.h"
#include "llvm/Support/FormatVariadic.h"
#include <limits>

using namespace quipu;
using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static constexpr int lanes = 16; // positions of a group, components of a vector
static constexpr int groupsOfPage = abi::pagePositions / lanes;
static constexpr float masked = -1e30f;

static Var d("d"), e("e"), r("r"), c("c"), l("l"), b("b"), x("x"), q("q");

/// A component that vectors of a head of `dim` may end behind.
static Expr cut(const Expr &component, int dim) {
  return dim % lanes ? min(component, dim - 1) : component;
}

std::string cpu::getAttentionName(const AttentionShape &shape,
                                  bool isSplitKernel) {
  std::string name =
      llvm::formatv("attention.{0}x{1}", shape.queryHeads,
                    isSplitKernel ? shape.cache.keyDim : shape.cache.valueDim);
  if (isSplitKernel && shape.cache.keyDim != shape.cache.valueDim)
    name += llvm::formatv("x{0}", shape.cache.valueDim);
  if (isSplitKernel && shape.cache.valuesInKeys)
    name += ".of_keys";
  auto add = [&](const char *what, float number) {
    char text[32];
    snprintf(text, sizeof(text), ".%s%.9g", what, number);
    name += text;
  };
  if (isSplitKernel) {
    name += std::string(".") + abi::getFormat(shape.cache.type).name;
    add("scale", shape.scale);
    if (shape.isFull)
      name += ".full";
    if (shape.window)
      name += llvm::formatv(".window{0}", shape.window);
    if (shape.softCap > 0)
      add("cap", shape.softCap);
  } else if (shape.hasSinks) {
    name += ".sinks";
  }
  return name + (isSplitKernel ? ".split" : ".combine") +
         std::to_string(shape.tokens);
}

namespace {
/// What a split computes: scores, weights, weighted values.
class Split {
public:
  explicit Split(const AttentionShape &shape);
  HalideFunction build();

private:
  void chooseTile();
  /// The scores' sums over a head's components: dots(l, c, r).
  void multiplyFloats();
  void multiplyIntegers();
  void quantizeQuery();
  void weigh();
  void readValues();
  void addValues();
  void schedule();
  void scheduleIntegers();
  Func &keep(Func &f) const {
    return f.compute_at(partial, ro).store_in(MemoryType::Stack);
  }
  bool isQ8() const { return shape.cache.type == abi::CacheType::Q8_0; }
  /// A group of the split, or the last one that the block sees.
  Expr existing(Expr group) const { return min(group, lastGroup); }

  const AttentionShape shape;
  const int keyDim, valueDim, heads;
  // What is computed in registers: so many rows by so many vectors of values,
  // or groups of positions.
  int rowsAtOnce = 1, vectorsAtOnce = 1, groupsAtOnce;
  ImageParam query, keys, values, keyScales, valueScales;
  Func value{"value"}; // (component, lane, group), of a value as it is stored
  Func valueScale{"value_scale"}; // (lane, block, group), of an 8-bit cache
  Param<int32_t> from, end, count, stride;
  Expr begin, last; // positions of the split that the block sees
  Expr lastGroup, groups;
  Func scaled{"scaled"}, ends{"ends"}, dots{"dots"};
  Func score{"score"}, top{"top"};
  Func largest{"largest"}, weight{"weight"}, weights{"weights"};
  Func valueWeight{"value_weight"}, mean{"mean"}, partial{"partial"};
  // Of an 8-bit cache.
  Func queryLargest{"query_largest"}, rounded{"rounded"}, start{"start"};
  Func bytes{"bytes"}, block{"block"};
  RDom inner, outer;
  Var ro{"ro"};
};
} // namespace

Split::Split(const AttentionShape &shape)
    : shape(shape), keyDim(shape.cache.keyDim), valueDim(shape.cache.valueDim),
      heads(shape.queryHeads), query(Float(32), 3) {
  chooseTile();
  int sums = shape.sums;
  // The integer sums of a block lie beside the float ones.
  groupsAtOnce = 4;
  while (groupsAtOnce > 1 &&
         groupsAtOnce * rowsAtOnce * (isQ8() ? 2 : 1) > sums)
    groupsAtOnce /= 2;

  query.dim(1).set_stride(keyDim);
  query.dim(2).set_stride(stride);
  auto setStride = [](ImageParam &numbers, int dimension, int64_t bytes) {
    numbers.dim(dimension).set_stride(int(bytes / numbers.type().bytes()));
  };
  int64_t keyGroup = shape.cache.groupBytes(keyDim);
  int64_t valueGroup = shape.cache.groupBytes(valueDim);
  if (isQ8()) {
    keys = ImageParam(UInt(8), 3);
    values = ImageParam(Int(8), 3);
    keys.dim(1).set_stride(64);
    values.dim(1).set_stride(valueDim);
    keyScales = ImageParam(Float(16), 3);
    valueScales = ImageParam(Float(16), 3);
    setStride(keyScales, 2, keyGroup);
    setStride(valueScales, 2, valueGroup);
    for (ImageParam *scales : {&keyScales, &valueScales})
      scales->dim(1).set_stride(lanes);
  } else {
    Type type = Float(shape.cache.type == abi::CacheType::F16 ? 16 : 32);
    keys = ImageParam(type, 3);
    values = ImageParam(type, 3);
    keys.dim(1).set_stride(lanes);
    values.dim(1).set_stride(valueDim);
    for (ImageParam *numbers : {&keys, &values})
      numbers->set_host_alignment(lanes * type.bytes());
  }
  setStride(keys, 2, keyGroup);
  setStride(values, 2, valueGroup);
  for (ImageParam *param : {&query, &keys, &values, &keyScales, &valueScales})
    for (int i = 0; param->defined() && i < param->dimensions(); ++i)
      param->dim(i).set_min(0);

  begin = shape.window ? max(end - int(shape.window), from) - from : Expr(0);
  last = min((shape.isFull ? end : end + count - 1) - from,
             int(abi::pagePositions));
  groups = clamp((last + lanes - 1) / lanes, 1, groupsOfPage);
  lastGroup = groups - 1;
}

/// The tile that loads least: a vector is loaded and brought to f32 for all
/// rows, a weight is loaded for all vectors.
void Split::chooseTile() {
  int vectors = (valueDim + lanes - 1) / lanes, rows = shape.rows();
  float least = std::numeric_limits<float>::max();
  for (int vectorCount = 1; vectorCount <= vectors; ++vectorCount)
    for (int rowCount = 1; rowCount <= rows; ++rowCount) {
      float loads = 2.0f / float(rowCount) + 1.0f / float(vectorCount);
      if (vectors % vectorCount || rows % rowCount ||
          rowCount * vectorCount > shape.sums || loads >= least)
        continue;
      least = loads;
      rowsAtOnce = rowCount;
      vectorsAtOnce = vectorCount;
    }
}

void Split::multiplyFloats() {
  outer = RDom(0, keyDim);
  dots(l, c, r) = 0.0f;
  dots(l, c, r) += f32(keys(l, outer, existing(c))) * scaled(outer, r);
}

void Split::quantizeQuery() {
  RDom k(0, int(abi::cacheBlock));
  // Positive floats order like their bits.
  queryLargest(b, r) = 0;
  queryLargest(b, r) =
      max(queryLargest(b, r),
          reinterpret<int32_t>(abs(scaled(b * abi::cacheBlock + k, r))));
  Expr size = reinterpret<float>(queryLargest(x / abi::cacheBlock, r));
  Expr inverse = select(size > 1e-30f, 127.0f / size, 0.0f);
  rounded(x, r) = i8(i32(round(scaled(x, r) * inverse)));
  start(b, r) = 0;
  start(b, r) += i32(rounded(b * abi::cacheBlock + k, r)) * -128;
}

void Split::multiplyIntegers() {
  quantizeQuery();
  bytes(x, q, b, c) = keys(x, b * 8 + q, existing(c));
  inner = RDom(0, 4, 0, 8);
  outer = RDom(0, keyDim / abi::cacheBlock);
  block(l, b, c, r) = start(b, r);
  block(l, b, c, r) +=
      i32(bytes(l * 4 + inner.x, inner.y, b, c)) *
      i32(rounded(b * abi::cacheBlock + inner.y * 4 + inner.x, r));
  Expr size = reinterpret<float>(queryLargest(outer, r)) * (1.0f / 127);
  dots(l, c, r) = 0.0f;
  dots(l, c, r) += f32(block(l, outer, c, r)) *
                   (f32(keyScales(l, outer, existing(c))) * size);
}

void Split::weigh() {
  Expr s = dots(l, c, r);
  if (shape.softCap > 0) {
    // tanh(x) = 1 - 2 / (e^2x + 1)
    Expr power = exponential(s * (2.0f / shape.softCap));
    s = shape.softCap - (2.0f * shape.softCap) / (power + 1.0f);
  }
  // Positions of the split that the row sees.
  ends(r) = (shape.isFull ? end : end + r / heads) - from;
  Expr place = c * lanes + l, isSeen = place < ends(r);
  if (shape.window)
    isSeen = isSeen && place >= ends(r) - int(shape.window);
  // No select(isSeen, s, ...): Halide would shrink what it computes to the
  // positions that count, and give up registers for that.
  score(l, c, r) = min(select(isSeen, Float(32).max(), masked), s);
  RDom group(0, groups), lane(1, lanes - 1);
  top(l, r) = masked;
  top(l, r) = max(top(l, r), score(l, group, r));
  largest(r) = top(0, r);
  largest(r) = max(largest(r), top(lane, r));
  weight(l, c, r) = select(score(l, c, r) > masked,
                           exponential(score(l, c, r) - largest(r)), 0.0f);
  weights(l, r) = 0.0f;
  weights(l, r) += weight(l, group, r);
}

/// Values in keys lie one component behind the other, but vectors are of the
/// components of one position.
void Split::readValues() {
  if (!shape.cache.valuesInKeys) {
    value(x, l, c) = values(x, l, c);
    if (isQ8())
      valueScale(l, b, c) = valueScales(l, b, c);
    return;
  }
  if (isQ8()) {
    value(x, l, c) =
        reinterpret<int8_t>(keys(l * 4 + x % 4, x / 4, c) ^ u8(128));
    valueScale(l, b, c) = keyScales(l, b, c);
  } else {
    value(x, l, c) = keys(l, x, c);
  }
}

void Split::addValues() {
  RDom position(begin, last - begin);
  valueWeight(l, c, b, r) =
      isQ8() ? weight(l, c, r) * f32(valueScale(l, b, existing(c)))
             : weight(l, c, r);
  mean(d, r) = 0.0f;
  mean(d, r) +=
      valueWeight(position % lanes, position / lanes,
                  isQ8() ? d / abi::cacheBlock : Expr(0), r) *
      f32(value(cut(d, valueDim), position % lanes, position / lanes));
  Expr total = sumTree(0, lanes, [&](int i) { return Expr(weights(i, r)); });
  partial(e, r) = select(e < valueDim, mean(clamp(e, 0, valueDim - 1), r),
                         select(e == valueDim, largest(r), total));
}

void Split::schedule() {
  OutputImageParam out = partial.output_buffer();
  out.dim(0).set_bounds(0, int(shape.partialStride()));
  out.dim(1).set_bounds(0, int(shape.rows()));
  out.dim(1).set_stride(int(shape.partialStride()));

  Var eo("eo"), co("co"), ci("ci");
  partial.split(r, ro, r, rowsAtOnce)
      .split(e, eo, e, lanes)
      .reorder(e, eo, r, ro)
      .vectorize(e)
      .unroll(eo)
      .unroll(r);
  scaled.compute_root()
      .store_in(MemoryType::Stack)
      .vectorize(x, lanes, TailStrategy::RoundUp)
      .unroll(x);
  keep(ends).unroll(r);
  keep(score)
      .bound_storage(c, groupsOfPage)
      .split(c, co, ci, groupsAtOnce, TailStrategy::RoundUp)
      .reorder(l, ci, r, co)
      .vectorize(l, lanes)
      .unroll(ci)
      .unroll(r);
  dots.compute_at(score, co).vectorize(l, lanes).unroll(c).unroll(r);
  RVar k = outer.x;
  dots.update().reorder(l, c, r, k).vectorize(l, lanes).unroll(c).unroll(r);
  if (isQ8())
    scheduleIntegers();
  if (shape.cache.valuesInKeys)
    value.compute_root()
        .store_in(MemoryType::Stack)
        .bound_extent(x, (valueDim + lanes - 1) / lanes * lanes)
        .bound_extent(l, lanes)
        .bound_storage(c, groupsOfPage)
        .reorder(l, x, c)
        .vectorize(l)
        .unroll(x, lanes);
  keep(weight)
      .bound_storage(c, groupsOfPage)
      .reorder(l, r, c)
      .vectorize(l, lanes)
      .unroll(r);
  if (isQ8())
    keep(valueWeight)
        .bound_storage(c, groupsOfPage)
        .reorder(l, b, r, c)
        .vectorize(l, lanes)
        .unroll(b)
        .unroll(r);
  for (Func f : {top, weights}) {
    keep(f).vectorize(l, lanes).unroll(r);
    RVar group = f.rvars()[0];
    f.update().reorder(l, r, group).vectorize(l, lanes).unroll(r);
  }
  keep(largest).unroll(r);
  RVar lane = largest.rvars()[0];
  largest.update().reorder(r, lane).unroll(r).unroll(lane);
  keep(mean).vectorize(d, lanes, TailStrategy::RoundUp).unroll(d).unroll(r);
  RVar position = mean.rvars()[0];
  Var tile("tile"), vector("vector");
  mean.update()
      .split(d, vector, d, lanes)
      .split(vector, tile, vector, vectorsAtOnce)
      .reorder(d, vector, r, position, tile)
      .vectorize(d)
      .unroll(vector)
      .unroll(r)
      .unroll(tile);
}

void Split::scheduleIntegers() {
  for (Func f : {queryLargest, rounded, start})
    f.compute_root().store_in(MemoryType::Stack);
  queryLargest.update().atomic().vectorize(queryLargest.rvars()[0]);
  start.update().atomic().vectorize(start.rvars()[0]);
  rounded.vectorize(x, abi::cacheBlock);
  block.compute_at(dots, outer.x).vectorize(l, lanes).unroll(c).unroll(r);
  block.update()
      .reorder(inner.x, l, c, r, inner.y)
      .vectorize(l, lanes)
      .atomic()
      .vectorize(inner.x)
      .unroll(c)
      .unroll(r)
      .unroll(inner.y);
  // Four components of 16 positions stay one register only when Halide does not
  // look through them.
  bytes.compute_at(block, inner.y)
      .bound_extent(x, 64)
      .align_bounds(x, 64)
      .vectorize(x, 64)
      .unroll(c);
}

HalideFunction Split::build() {
  // The scale belongs to the query, so that no product is left to be fused with
  // a later sum.
  scaled(x, r) =
      query(cut(x, keyDim), r % heads, min(r / heads, count - 1)) * shape.scale;
  if (isQ8())
    multiplyIntegers();
  else
    multiplyFloats();
  weigh();
  readValues();
  addValues();
  schedule();
  std::vector<Argument> arguments{query};
  for (const ImageParam &param : {keys, keyScales})
    if (param.defined())
      arguments.push_back(param);
  for (const ImageParam &param : {values, valueScales})
    if (param.defined() && !shape.cache.valuesInKeys)
      arguments.push_back(param);
  for (const Param<int32_t> &scalar : {from, end, count, stride})
    arguments.push_back(scalar);
  return {getAttentionName(shape, /*isSplitKernel=*/true), arguments,
          Pipeline(partial)};
}

HalideFunction quipu::cpu::attentionSplit(const AttentionShape &shape) {
  return Split(shape).build();
}

HalideFunction quipu::cpu::attentionCombine(const AttentionShape &shape) {
  int dim = shape.cache.valueDim, floats = shape.partialStride();
  int heads = shape.queryHeads;
  ImageParam partials(Float(32), 4), sinks(Float(32), 1);
  Param<int32_t> splits, count, stride;
  partials.dim(1).set_stride(floats);
  partials.dim(2).set_stride(floats * heads);
  partials.dim(3).set_stride(floats * heads * int(shape.tokens));
  for (int i = 0; i < 4; ++i)
    partials.dim(i).set_min(0);
  sinks.dim(0).set_min(0);

  Var g("g"), t("t"), outer("outer");
  Func largest("largest"), factor("factor"), sum("sum"), inverse("inverse");
  Func result("result");
  RDom p(0, splits);
  largest(g, t) = shape.hasSinks ? sinks(g) : Expr(masked);
  largest(g, t) = max(largest(g, t), partials(dim, g, t, p));
  factor(q, g, t) = exponential(partials(dim, g, t, q) - largest(g, t));
  // The weighted values, and behind them the sum of the weights.
  sum(e, g, t) = 0.0f;
  sum(e, g, t) += factor(p, g, t) * partials(e, g, t, p);
  Expr total = sum(dim + 1, g, t);
  if (shape.hasSinks)
    total = total + exponential(sinks(g) - largest(g, t));
  inverse(g, t) = 1.0f / total;
  result(d, g, t) = sum(d, g, t) * inverse(g, t);

  OutputImageParam out = result.output_buffer();
  out.dim(0).set_bounds(0, dim);
  out.dim(1).set_bounds(0, heads).set_stride(dim);
  out.dim(2).set_bounds(0, shape.tokens == 1 ? Expr(1) : Expr(count));
  out.dim(2).set_stride(stride);
  result
      .split(d, outer, d, lanes,
             dim % lanes ? TailStrategy::GuardWithIf : TailStrategy::Auto)
      .vectorize(d)
      .unroll(outer);
  largest.compute_at(result, g);
  sum.compute_at(result, g)
      .store_in(MemoryType::Stack)
      .bound_extent(e, floats)
      .vectorize(e, lanes)
      .unroll(e);
  sum.update().reorder(e, p).vectorize(e, lanes).unroll(e);
  factor.compute_at(sum, p);
  inverse.compute_at(result, g);
  std::vector<Argument> arguments{partials};
  if (shape.hasSinks)
    arguments.push_back(sinks);
  for (const Param<int32_t> &scalar : {splits, count, stride})
    arguments.push_back(scalar);
  return {getAttentionName(shape, /*isSplitKernel=*/false), arguments,
          Pipeline(result)};
}
