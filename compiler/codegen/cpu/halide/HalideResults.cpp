//===- HalideResults.cpp - What a kernel writes ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

#include <limits>

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), d("d"), h("h"), m("m"), u("u"), b("b");

KernelBuilder::Output &KernelBuilder::addOutput(Output::Kind kind,
                                                BufferOwner owner,
                                                int64_t units,
                                                int64_t unitBytes) {
  Output output;
  output.kind = kind;
  output.result = results.size();
  results.push_back({owner, units, unitBytes});
  if (kind == Output::Tiles || kind == Output::Heads || kind == Output::Cache) {
    output.first = scalar(KernelArgument::UnitsFirst, output.result);
    output.count = scalar(KernelArgument::UnitsCount, output.result);
  }
  outputArguments.push_back({KernelArgument::Output, output.result});
  outputs.push_back(output);
  return outputs.back();
}

int64_t KernelBuilder::tilesAtOnce(int64_t tiles) const {
  int64_t most = tile.tiles;
  while (tiles % most)
    --most;
  return most;
}

void KernelBuilder::result(BufferOwner owner, const FloatValue &x,
                           int64_t stride) {
  if (x.form == Form::Rows) {
    Output &output = addOutput(Output::Rows, owner, 1, 0);
    output.value = x;
    output.func = Func("result");
    output.func(i, m) = x.pairs ? (*x.pairs)(i, m) : x.func(i, m);
    int numbers = x.pairs ? 2 : 1;
    output.func.output_buffer().dim(0).set_bounds(0, int(x.width) / numbers);
    output.func.output_buffer().dim(1).set_bounds(0, 1);
    return;
  }
  bool isTiles = x.form == Form::Tiles;
  int64_t unit = isTiles ? tilesAtOnce((x.width + tileRows - 1) / tileRows) : 1;
  int64_t width = isTiles ? tileRows : x.headDim;
  int64_t units = (x.width + width * unit - 1) / (width * unit);
  Output &output = addOutput(isTiles ? Output::Tiles : Output::Heads, owner,
                             units, width * unit * 4);
  output.value = x;
  output.func = Func("result");
  if (isTiles && choices) {
    output.func(r, u, t, m) = undef<float>();
    output.loops = RDom(0, tokensAtOnce(), 0,
                        (rowsCount + tokensAtOnce() - 1) / tokensAtOnce());
    Expr row = output.loops.y * tokensAtOnce() + output.loops.x;
    output.loops.where(row < rowsCount);
    output.func(r, u, t, getRow(owner, rowsFirst + row)) =
        x.func(r, t * int(unit) + u, rowsFirst + row);
  } else if (isTiles)
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
  else if (choices)
    out.dim(grid + 1).set_min(0);
  else
    out.dim(grid + 1).set_bounds(rowsFirst, rowsCount);
  out.dim(grid + 1).set_stride(int(stride));
}

void KernelBuilder::result(BufferOwner owner, const QuantizedValue &x) {
  QuantizedRowLayout layout{x.width};
  results.push_back({owner});
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
    outputArguments.push_back(
        {KernelArgument::Output, output.result, {}, offset});
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

void KernelBuilder::writeKeys(const FloatValue &heads, CacheShape shape) {
  writeCache(heads, shape, /*keys=*/true);
}

void KernelBuilder::writeValues(const FloatValue &heads, CacheShape shape) {
  writeCache(heads, shape, /*keys=*/false);
}

/// What is too large becomes the largest number of the cache's type.
static Expr limit(Expr number, Expr most) {
  return max(min(number, most), -most);
}

/// As 8-bit integers times a scale for each block; keys as unsigned numbers.
void KernelBuilder::quantizeHeads(Output &output, const FloatValue &heads,
                                  Func scales, bool keys) {
  Func limited("limited"), largest("largest");
  int block = abi::cacheBlock;
  limited(d, h, m) = limit(heads.func(d, h, m), 127 * 65504.0f);
  RDom k(0, block);
  // Positive floats order like their bits.
  largest(b, h, m) = 0;
  largest(b, h, m) =
      max(largest(b, h, m),
          reinterpret<int32_t>(abs(limited(b * block + k, h, m))));
  Expr size = reinterpret<float>(largest(b, h, m));
  scales(b, h, m) = reinterpret<uint16_t>(f16(size / 127.0f));
  size = reinterpret<float>(largest(d / block, h, m));
  Expr inverse = select(size > 1e-30f, 127.0f / size, 0.0f);
  Expr integer = i32(round(limited(d, h, m) * inverse));
  (*output.stored)(d, h, m) = u8(keys ? integer + 128 : integer);
  output.stages = {limited, largest, scales};
}

void KernelBuilder::writeCache(const FloatValue &heads, CacheShape shape,
                               bool keys) {
  if (!slotMapping)
    slotMapping = buffer({BufferOwner::SlotMapping}, Int(32), {1});
  Output &output =
      addOutput(Output::Cache, {keys ? BufferOwner::Keys : BufferOwner::Values},
                shape.layout.heads, 0);
  output.value = heads;
  output.stored = Func("stored");
  Func &stored = *output.stored;
  Func scales("scales"); // (block, h, m), the bits of an f16
  const abi::KvLayout &layout = shape.layout;
  bool isQ8 = layout.type == abi::CacheType::Q8_0;
  Type type = isQ8 ? Type(UInt(8))
                   : Float(layout.type == abi::CacheType::F16 ? 16 : 32);
  int headDim = int(keys ? layout.keyDim : layout.valueDim);
  int group = tokensAtOnce();
  if (isQ8) {
    quantizeHeads(output, heads, scales, keys);
  } else {
    Expr most = type.bits() == 16 ? Expr(65504.0f)
                                  : Expr(std::numeric_limits<float>::max());
    stored(d, h, m) = cast(type, limit(heads.func(d, h, m), most));
  }

  // Rows that only fill up a group of tokens must not reach the cache.
  Expr count = tokens == 1 ? Expr(1) : Expr(rowsCount);
  int scaleBytes = isQ8 ? headDim / 16 : 0;
  output.loops = RDom(0, headDim + scaleBytes, 0, group, 0,
                      (count + group - 1) / group, 0, output.count);
  RDom &loop = output.loops;
  Expr row = tokens == 1 ? Expr(loop.y) : rowsFirst + loop.z * group + loop.y;
  if (tokens > 1)
    loop.where(loop.z * group + loop.y < rowsCount);
  Expr head = output.first + loop.w;
  // Halide wants bounds; the runtime has checked them.
  Expr slot = unsafe_promise_clamped((*slotMapping)(row), 0,
                                     std::numeric_limits<int32_t>::max() - 1);
  Expr page = slot / int(abi::pagePositions);
  Expr position = slot % int(abi::pagePositions);
  Expr lane = position % int(abi::groupPositions);
  // Where the number lies in its group of 16 positions.
  Expr index = keys ? loop.x * 16 + lane : lane * headDim + loop.x;
  Expr value =
      stored(isQ8 ? min(loop.x, headDim - 1) : Expr(loop.x), head, row);
  if (isQ8) {
    if (keys)
      index = loop.x / 4 * 64 + lane * 4 + loop.x % 4;
    Expr byte = loop.x - headDim, block = max(byte, 0) / 2;
    Expr scale = scales(block, head, row);
    value = select(byte < 0, value, u8(scale >> u16((byte % 2) * 8)));
    index = select(byte < 0, index,
                   headDim * 16 + (block * 16 + lane) * 2 + byte % 2);
  }

  Func cache("cache");
  cache(r, u, h, t) = undef(type);
  cache(index, position / int(abi::groupPositions), head, page) = value;
  output.func = cache;
  OutputImageParam out = cache.output_buffer();
  auto setStride = [&](int dimension, int64_t bytes) {
    out.dim(dimension).set_min(0).set_stride(int(bytes / type.bytes()));
  };
  out.dim(0).set_min(0);
  setStride(1, layout.groupBytes(headDim));
  setStride(2, layout.headBytes(headDim));
  setStride(3, abi::getPageBytes(layout.type, shape.pageNumbers));
}

Pipeline KernelBuilder::pipeline() const {
  std::vector<Func> funcs;
  funcs.reserve(outputs.size());
  for (const Output &output : outputs)
    funcs.push_back(output.func);
  return Pipeline(funcs);
}
