//===- ScheduleLinear.cpp - How linear layers run -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/Schedule.h"

using namespace quipu::cpu;
using namespace Halide;

using Linear = KernelBuilder::Linear;
using Output = KernelBuilder::Output;

/// The codes and scales of a tile, in memory for all tokens.
static void schedulePanel(Linear &op, LoopLevel level) {
  std::vector<Var> vars = op.bytes.args();
  op.bytes.compute_at(level)
      .store_in(MemoryType::Stack)
      .vectorize(vars[0], 64)
      .unroll(vars[1]);
  for (Func f : {op.factor, op.floor})
    if (f.defined())
      f.compute_at(level)
          .store_in(MemoryType::Stack)
          .vectorize(f.args()[0], 16);
}

/// Tiles and tokens of `op` are sums in registers, computed at `level`. A panel
/// is made at `panel`, outside the loop over tokens.
static void scheduleSum(const KernelBuilder &kernel, Linear &op,
                        LoopLevel level, LoopLevel panel) {
  std::vector<Var> vars = op.dot.args();
  Var r = vars[0], t = vars[1], m = vars[2];
  op.dot.compute_at(level).vectorize(r, 16).unroll(t).unroll(m);
  if (!op.layout.format->isQuantized()) {
    RVar k = op.dot.rvars()[0];
    op.dot.update().reorder(r, t, m, k).vectorize(r, 16).unroll(t).unroll(m);
    return;
  }
  RVar h = op.outer.x, c = op.outer.y, p = op.outer.z;
  op.dot.update()
      .reorder(r, t, m, h, c, p)
      .vectorize(r, 16)
      .unroll(t)
      .unroll(m)
      .unroll(h);
  // Two blocks of the checkpoint side by side: their scales' place is a
  // constant then.
  if (op.layout.blocksTogether() > 1)
    op.dot.update().unroll(c);

  Func &sum = op.accumulator;
  RVar i = op.inner.x, g = op.inner.y;
  sum.compute_at(op.dot, h);
  sum.vectorize(r, 16).unroll(t).unroll(m);
  sum.update()
      .reorder(i, r, t, m, g)
      .vectorize(r, 16)
      .atomic()
      .vectorize(i)
      .unroll(t)
      .unroll(m)
      .unroll(g);
  if (kernel.tile.panel)
    return schedulePanel(op, panel);
  // The bytes of a group are one register; they stay one only when Halide does
  // not look through them.
  Var x = op.bytes.args()[0];
  op.bytes.compute_at(sum, g)
      .bound_extent(x, 64)
      .align_bounds(x, 64)
      .reorder(x, t)
      .vectorize(x, 64)
      .unroll(op.bytes.args()[4]);
}

/// The heads of `value` are kept on the stack at `level`, a few tokens each;
/// `panel` as for scheduleSum.
static void scheduleHead(KernelBuilder &kernel, FloatValue &value,
                         LoopLevel level, LoopLevel panel) {
  Func head = *value.head;
  std::vector<Var> vars = head.args();
  Var d = vars[0], h = vars[1], m = vars[2];
  int most = kernel.tilesAtOnce(value.headDim / quipu::tileRows);
  Var outer("outer"), inner("inner"), lane("lane");
  head.compute_at(level)
      .store_in(MemoryType::Stack)
      .bound_extent(d, int(value.headDim))
      .align_bounds(d, int(value.headDim))
      .bound_extent(m, kernel.tokensAtOnce())
      .split(d, outer, inner, 16 * most)
      .split(inner, inner, lane, 16)
      .reorder(lane, inner, m, outer, h)
      .vectorize(lane)
      .unroll(inner)
      .unroll(m);
  for (unsigned i : value.linears)
    scheduleSum(kernel, kernel.linears[i], LoopLevel(head, outer), panel);
  for (unsigned i : value.norms) {
    KernelBuilder::Norm &norm = kernel.norms[i];
    if (norm.partial.args().size() != 3)
      continue; // over the whole row, before the linear layer
    Var u = norm.partial.args()[0];
    RVar k = norm.partial.rvars()[0];
    norm.partial.compute_at(level).vectorize(u, norm.lanes);
    norm.partial.update().reorder(u, k).vectorize(u, norm.lanes);
    norm.folded.compute_at(level).vectorize(u, std::min(norm.lanes, 16));
    norm.factor.compute_at(level);
  }
}

static void scheduleTiles(KernelBuilder &kernel, Output &output) {
  std::vector<Var> vars = output.func.args();
  Var r = vars[0], u = vars[1], t = vars[2], m = vars[3];
  Var mo("mo"), mi("mi");
  output.func.split(m, mo, mi, kernel.tokensAtOnce(), TailStrategy::RoundUp)
      .reorder(r, u, mi, mo, t)
      .vectorize(r, 16)
      .unroll(u)
      .unroll(mi);
  for (unsigned i : output.value.linears)
    scheduleSum(kernel, kernel.linears[i], LoopLevel(output.func, mo),
                LoopLevel(output.func, t));
}

static void scheduleHeads(KernelBuilder &kernel, Output &output) {
  std::vector<Var> vars = output.func.args();
  Var d = vars[0], h = vars[1], m = vars[2];
  Var mo("mo"), mi("mi"), outer("outer");
  output.func.split(m, mo, mi, kernel.tokensAtOnce(), TailStrategy::RoundUp)
      .split(d, outer, d, 16)
      .reorder(d, outer, mi, mo, h)
      .vectorize(d)
      .unroll(outer);
  scheduleHead(kernel, output.value, LoopLevel(output.func, mo),
               LoopLevel(output.func, h));
}

static void scheduleCache(KernelBuilder &kernel, Output &output) {
  RDom &loop = output.loops;
  output.func.update()
      .reorder(loop.x, loop.y, loop.z, loop.w)
      .unroll(loop.x, 16);
  LoopLevel level(output.func, loop.z);
  Func stored = *output.stored;
  std::vector<Var> vars = stored.args();
  stored.compute_at(level)
      .store_in(MemoryType::Stack)
      .bound_extent(vars[0], int(output.value.headDim))
      .bound_extent(vars[2], kernel.tokensAtOnce())
      .vectorize(vars[0], 16)
      .unroll(vars[0]);
  scheduleHead(kernel, output.value, level, LoopLevel(output.func, loop.w));
}

void quipu::cpu::scheduleKernel(KernelBuilder &kernel) {
  scheduleRows(kernel);
  for (Output &output : kernel.outputs) {
    if (output.kind == Output::Tiles)
      scheduleTiles(kernel, output);
    else if (output.kind == Output::Heads)
      scheduleHeads(kernel, output);
    else if (output.kind == Output::Cache)
      scheduleCache(kernel, output);
  }
}
