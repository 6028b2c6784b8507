//===- HalideResults.cpp - What a kernel writes ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/HalideOps.h"

#include <limits>

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), d("d"), h("h"), m("m"), u("u");

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
  auto add = [&](Func part, int64_t offset, int64_t parts) {
    Output output;
    output.kind = Output::Quantized;
    output.result = results.size() - 1;
    output.func = Func("result");
    output.func(_) = part(_);
    OutputImageParam out = output.func.output_buffer();
    int row = part.dimensions() - 1;
    out.dim(row).set_bounds(0, 1);
    out.dim(row - 1).set_bounds(0, int(parts));
    if (row == 2) {
      out.dim(0).set_bounds(0, int(blockSize));
      out.dim(1).set_stride(int(blockSize));
    }
    outputArguments.push_back({name, /*isScalar=*/false, offset});
    outputs.push_back(output);
  };
  int64_t blocks = layout.blocks();
  add(x.values, 0, blocks);
  add(x.scales, layout.scaleOffset(), blocks);
  add(x.starts, layout.startOffset(), blocks);
  add(x.sums, layout.sumOffset(), blocks);
  add(x.halfStarts, layout.halfStartOffset(), 2 * blocks);
  add(x.halfSums, layout.halfSumOffset(), 2 * blocks);
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
