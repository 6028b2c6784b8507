//===- Attention.cpp - Attention over the cache ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/Attention.h"

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

/// Query heads that are computed together: as many as keep their sums in
/// registers.
static int headsAtOnce(const AttentionShape &shape) {
  int heads = shape.queryHeads;
  while (heads > 1 && (shape.queryHeads % heads ||
                       heads * std::max<int64_t>(shape.headDim / 16, 4) > 16))
    --heads;
  return heads;
}

AttentionKernel quipu::cpu::attentionPiece(AttentionShape shape) {
  int dim = shape.headDim, atOnce = headsAtOnce(shape);
  Type cacheType = shape.isHalf ? Float(16) : Float(32);
  ImageParam query(Float(32), 2), keys(cacheType, 3), values(cacheType, 2);
  query.dim(0).set_min(0);
  query.dim(1).set_min(0).set_stride(dim);
  keys.dim(0).set_min(0);
  keys.dim(1).set_min(0).set_stride(16);
  keys.dim(2).set_min(0).set_stride(16 * dim);
  values.dim(0).set_min(0);
  values.dim(1).set_min(0).set_stride(dim);
  keys.set_host_alignment(16 * cacheType.bytes());
  values.set_host_alignment(16 * cacheType.bytes());
  Param<int32_t> begin, end;

  Var d("d"), e("e"), g("g"), c("c"), l("l"), u("u"), go("go");
  Func scaled("scaled"), dots("dots"), mask("mask"), score("score");
  Func top("top"), largest("largest"), weight("weight"), weights("weights");
  Func mean("mean"), partial("partial");

  Expr firstGroup = begin / 16, base = firstGroup * 16;
  Expr groups = clamp((end - base + 15) / 16, 1, int(attentionBlock / 16));
  RDom group(0, groups), k(0, dim / 4);
  RDom position(begin - base, end - begin);

  // The scale belongs to the query, so that no product is left to be fused with
  // a later sum. Four sums per score hide the latency.
  scaled(d, g) = query(d, g) * shape.scale;
  dots(l, u, g, c) = 0.0f;
  dots(l, u, g, c) +=
      f32(keys(l, k * 4 + u, firstGroup + c)) * scaled(k * 4 + u, g);
  Expr s = sumTree(0, 4, [&](int i) { return Expr(dots(l, i, g, c)); });
  if (shape.softCap > 0) {
    // tanh(x) = 1 - 2 / (e^2x + 1)
    Expr x = exponential(s * (2.0f / shape.softCap));
    s = shape.softCap - (2.0f * shape.softCap) / (x + 1.0f);
  }
  Expr place = base + c * 16 + l;
  // A function of its own: Halide would otherwise shrink what it computes to
  // the positions that count, and give up registers for that.
  mask(l, c) = i32(place >= begin && place < end);
  score(l, g, c) = select(mask(l, c) != 0, s, -1e30f);
  top(l, g) = -1e30f;
  top(l, g) = max(top(l, g), score(l, g, group));
  largest(g) = top(0, g);
  RDom lane(1, 15);
  largest(g) = max(largest(g), top(lane, g));
  weight(l, g, c) =
      select(mask(l, c) != 0, exponential(score(l, g, c) - largest(g)), 0.0f);
  weights(l, g) = 0.0f;
  weights(l, g) += weight(l, g, group);
  mean(d, g) = 0.0f;
  mean(d, g) +=
      weight(position % 16, g, position / 16) * f32(values(d, base + position));
  Expr total = sumTree(0, 16, [&](int i) { return Expr(weights(i, g)); });
  partial(e, g) = select(e < dim, mean(clamp(e, 0, dim - 1), g),
                         select(e == dim, largest(g), total));

  OutputImageParam out = partial.output_buffer();
  int stride = shape.partialStride();
  out.dim(0).set_bounds(0, stride);
  out.dim(1).set_bounds(0, int(shape.queryHeads)).set_stride(stride);

  Var eo("eo");
  partial.split(g, go, g, atOnce)
      .split(e, eo, e, 16)
      .reorder(e, eo, g, go)
      .vectorize(e)
      .unroll(eo)
      .unroll(g);
  auto keep = [&](Func &f) -> Func & {
    return f.compute_at(partial, go).store_in(MemoryType::Stack);
  };
  keep(scaled).vectorize(d, 16);
  int most = attentionBlock / 16;
  keep(mask).bound_storage(c, most).vectorize(l, 16);
  keep(score).bound_storage(c, most).reorder(l, g, c).vectorize(l, 16).unroll(
      g);
  dots.compute_at(score, c).vectorize(l, 16).unroll(u).unroll(g);
  dots.update().reorder(l, u, g, k).vectorize(l, 16).unroll(u).unroll(g);
  keep(weight).bound_storage(c, most).reorder(l, g, c).vectorize(l, 16).unroll(
      g);
  for (Func f : {top, weights}) {
    keep(f).vectorize(l, 16).unroll(g);
    f.update().reorder(l, g, group).vectorize(l, 16).unroll(g);
  }
  keep(largest).unroll(g);
  largest.update().reorder(g, lane).unroll(g).unroll(lane);
  keep(mean).vectorize(d, 16).unroll(d).unroll(g);
  mean.update().reorder(d, g, position).vectorize(d, 16).unroll(d).unroll(g);
  return {{query, keys, values, begin, end}, Pipeline(partial)};
}

AttentionKernel quipu::cpu::attentionMerge(AttentionShape shape) {
  int dim = shape.headDim, stride = shape.partialStride();
  int heads = shape.queryHeads;
  ImageParam partials(Float(32), 3);
  partials.dim(0).set_min(0);
  partials.dim(1).set_min(0).set_stride(stride);
  partials.dim(2).set_min(0).set_stride(stride * heads);

  Var e("e"), g("g"), q("q"), outer("outer");
  Func largest("largest"), factor("factor"), merged("merged");
  largest(g) = max(partials(dim, g, 0), partials(dim, g, 1));
  factor(q, g) = exponential(partials(dim, g, q) - largest(g));
  // The weighted values, and behind them the sum of the weights.
  Expr sum =
      factor(0, g) * partials(e, g, 0) + factor(1, g) * partials(e, g, 1);
  merged(e, g) = select(e == dim, largest(g), sum);

  OutputImageParam out = merged.output_buffer();
  out.dim(0).set_bounds(0, stride);
  out.dim(1).set_bounds(0, heads).set_stride(stride);
  // What a head's factors depend on is read before the head is written: the
  // result may take the place of the first partial result.
  largest.compute_at(merged, g).store_in(MemoryType::Stack);
  factor.compute_at(merged, g).store_in(MemoryType::Stack).bound(q, 0, 2);
  merged.split(e, outer, e, 16).vectorize(e).unroll(outer);
  return {{partials}, Pipeline(merged)};
}

AttentionKernel quipu::cpu::attentionFinish(AttentionShape shape) {
  int dim = shape.headDim, stride = shape.partialStride();
  int heads = shape.queryHeads;
  ImageParam partial(Float(32), 2), sinks(Float(32), 1);
  partial.dim(0).set_min(0);
  partial.dim(1).set_min(0).set_stride(stride);
  sinks.dim(0).set_min(0);

  Var d("d"), g("g"), outer("outer");
  Func factor("factor"), total("total"), result("result");
  if (shape.hasSinks) {
    Expr largest = max(partial(dim, g), sinks(g));
    factor(g) = exponential(partial(dim, g) - largest);
    total(g) =
        factor(g) * partial(dim + 1, g) + exponential(sinks(g) - largest);
  } else {
    factor(g) = 1.0f;
    total(g) = partial(dim + 1, g);
  }
  result(d, g) = partial(d, g) * factor(g) / total(g);

  OutputImageParam out = result.output_buffer();
  out.dim(0).set_bounds(0, dim);
  out.dim(1).set_bounds(0, heads).set_stride(dim);
  factor.compute_at(result, g);
  total.compute_at(result, g);
  result.split(d, outer, d, 16).vectorize(d).unroll(outer);
  std::vector<Argument> arguments = {partial};
  if (shape.hasSinks)
    arguments.push_back(sinks);
  return {arguments, Pipeline(result)};
}
