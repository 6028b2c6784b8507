//===- ScheduleLinear.cpp - How linear layers run -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/Schedule.h"

using namespace quipu::cpu;
using namespace Halide;

using Linear = KernelBuilder::Linear;
using Output = KernelBuilder::Output;

/// Columns whose codes, unpacked, stay in the first-level cache beside a few
/// tokens' activations: 16 KB of two tiles.
static constexpr int64_t panelColumns = 512;

/// The integer sums of a group, in registers, and the float sums they add to.
static void scheduleGroups(Linear &op) {
  std::vector<Var> vars = op.dot.args();
  Var r = vars[0], t = vars[1], m = vars[2];
  op.dot.update().vectorize(r, 16).unroll(t).unroll(op.outer.x);
  Func &sum = op.accumulator;
  RVar i = op.inner.x, g = op.inner.y;
  sum.compute_at(op.dot, op.outer.x);
  sum.vectorize(r, 16).unroll(t).unroll(m);
  sum.update()
      .reorder(i, r, t, m, g)
      .vectorize(r, 16)
      .atomic()
      .vectorize(i)
      .unroll(t)
      .unroll(m)
      .unroll(g);
}

/// The bytes of a group are one register; they stay one only when Halide does
/// not look through them.
static void scheduleGroupBytes(Func bytes, LoopLevel level) {
  Var i = bytes.args()[0], t = bytes.args()[4];
  bytes.compute_at(level)
      .bound_extent(i, 64)
      .align_bounds(i, 64)
      .reorder(i, t)
      .vectorize(i, 64)
      .unroll(t);
}

/// A block format for many tokens: columns are taken a panel at a time. Its
/// codes are unpacked to bytes and its scales to floats, then all tokens and
/// tiles, a few at a time (`tiles`) in registers, add the panel's part to their
/// sums in memory.
static void schedulePanel(const KernelBuilder &kernel, Linear &op,
                          LoopLevel level, int tiles) {
  std::vector<Var> vars = op.dot.args();
  Var r = vars[0], t = vars[1], m = vars[2], mo("mo"), mi("mi"), to("to");
  RVar h = op.outer.x, c = op.outer.y, p = op.outer.z, po("po"), pi("pi");
  int64_t blocks = panelColumns / op.layout.packedElements();
  while (op.layout.packedBlocks() % blocks)
    --blocks;
  op.dot.compute_at(level)
      .store_in(MemoryType::Stack)
      .bound_storage(m, int(kernel.tokens))
      .vectorize(r, 16)
      .unroll(t);
  op.dot.update()
      .split(p, po, pi, int(blocks))
      .split(m, mo, mi, kernel.tokensAtOnce(), TailStrategy::RoundUp)
      .split(t, to, t, tiles, TailStrategy::RoundUp)
      .reorder(r, t, mi, h, c, pi, mo, to, po)
      .unroll(mi);
  scheduleGroups(op);
  op.bytes.compute_at(op.dot, po)
      .store_in(MemoryType::Stack)
      .vectorize(op.bytes.args()[0], 64)
      .unroll(op.bytes.args()[1]);
  if (op.codes.defined())
    scheduleGroupBytes(op.codes, LoopLevel(op.bytes, op.bytes.args()[0]));
  for (Func f : {op.factor, op.floor})
    if (f.defined())
      f.compute_at(op.dot, po)
          .store_in(MemoryType::Stack)
          .vectorize(f.args()[0], 16);
}

/// `tiles` and tokens of `op` are sums in registers, computed at `level`; those
/// of a panel at `all`, outside the loop over tokens.
static void scheduleSum(const KernelBuilder &kernel, Linear &op,
                        LoopLevel level, LoopLevel all, int tiles) {
  bool isQuantized = op.layout.format->isQuantized();
  if (kernel.tile.panel && isQuantized)
    return schedulePanel(kernel, op, all, tiles);
  std::vector<Var> vars = op.dot.args();
  Var r = vars[0], t = vars[1], m = vars[2];
  op.dot.compute_at(level).vectorize(r, 16).unroll(t).unroll(m);
  if (kernel.hasChoices())
    op.dot.bound_extent(m, kernel.tokensAtOnce());
  if (!isQuantized) {
    RVar k = op.dot.rvars()[0];
    op.dot.update().reorder(r, t, m, k).vectorize(r, 16).unroll(t).unroll(m);
    return;
  }
  RVar h = op.outer.x, c = op.outer.y, p = op.outer.z;
  op.dot.update().reorder(r, t, m, h, c, p).unroll(m);
  // Two blocks of the checkpoint side by side: their scales' place is a
  // constant then.
  if (op.layout.interleavedBlocks() > 1)
    op.dot.update().unroll(c);
  scheduleGroups(op);
  for (Func bytes : {op.bytes, op.codes})
    if (bytes.defined())
      scheduleGroupBytes(bytes, LoopLevel(op.accumulator, op.inner.y));
}

/// The head is kept on the stack at `level`, of a few tokens; `all` as for
/// scheduleSum.
static void scheduleInputHead(KernelBuilder &kernel,
                              KernelBuilder::InputHead &input, LoopLevel level,
                              LoopLevel all) {
  Func head = input.func;
  std::vector<Var> vars = head.args();
  Var d = vars[0], h = vars[1], m = vars[2];
  if (input.dim % quipu::tileRows) {
    // From memory: beside linear layers there are whole tiles only.
    head.compute_at(level).store_in(MemoryType::Stack);
    head.bound_extent(d, int(input.dim)).bound_extent(m, kernel.tokensAtOnce());
    return;
  }
  int most = kernel.tilesAtOnce(input.dim / quipu::tileRows);
  Var outer("outer"), inner("inner"), lane("lane");
  head.compute_at(level)
      .store_in(MemoryType::Stack)
      .bound_extent(d, int(input.dim))
      .align_bounds(d, int(input.dim))
      .bound_extent(m, kernel.tokensAtOnce())
      .split(d, outer, inner, 16 * most)
      .split(inner, inner, lane, 16)
      .reorder(lane, inner, m, outer, h)
      .vectorize(lane)
      .unroll(inner)
      .unroll(m);
  for (unsigned i : input.linears)
    scheduleSum(kernel, kernel.linears[i], LoopLevel(head, outer), all, most);
}

/// The heads that `value` is computed from, and their norms.
static void scheduleHead(KernelBuilder &kernel, FloatValue &value,
                         LoopLevel level, LoopLevel all) {
  for (unsigned i : value.inputHeads)
    scheduleInputHead(kernel, kernel.inputHeads[i], level, all);
  for (unsigned i : value.norms) {
    KernelBuilder::Norm &norm = kernel.norms[i];
    if (!norm.isOfHeads() || norm.isOfRow)
      continue;
    Var u = norm.partial.args()[0];
    RVar k = norm.partial.rvars()[0];
    norm.partial.compute_at(level).vectorize(u, norm.lanes);
    norm.partial.update().reorder(u, k).vectorize(u, norm.lanes);
    norm.folded.compute_at(level).vectorize(u, std::min(norm.lanes, 16));
    norm.factor.compute_at(level);
  }
}

/// The choices that a buffer lists, each to its own row.
static void scheduleChoices(KernelBuilder &kernel, Output &output) {
  std::vector<Var> vars = output.func.args();
  Var r = vars[0], u = vars[1], t = vars[2];
  RVar inner = output.loops.x, outer = output.loops.y;
  output.func.update()
      .reorder(r, u, inner, outer, t)
      .vectorize(r, 16)
      .unroll(u)
      .unroll(inner);
  for (unsigned i : output.value.linears)
    scheduleSum(kernel, kernel.linears[i], LoopLevel(output.func, outer),
                LoopLevel(output.func, t),
                kernel.tilesAtOnce((output.value.width + quipu::tileRows - 1) /
                                   quipu::tileRows));
}

static void scheduleTiles(KernelBuilder &kernel, Output &output) {
  if (kernel.hasChoices())
    return scheduleChoices(kernel, output);
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
                LoopLevel(output.func, t),
                kernel.tilesAtOnce((output.value.width + quipu::tileRows - 1) /
                                   quipu::tileRows));
}

static void scheduleHeads(KernelBuilder &kernel, Output &output) {
  std::vector<Var> vars = output.func.args();
  Var d = vars[0], h = vars[1], m = vars[2];
  Var mo("mo"), mi("mi"), outer("outer");
  output.func.split(m, mo, mi, kernel.tokensAtOnce(), TailStrategy::RoundUp)
      .split(d, outer, d, 16,
             output.value.headDim % quipu::tileRows ? TailStrategy::GuardWithIf
                                                    : TailStrategy::Auto)
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
      .unroll(loop.x, output.stages.empty() ? 16 : 2);
  LoopLevel level(output.func, loop.z);
  Func stored = *output.stored;
  std::vector<Var> vars = stored.args();
  stored.compute_at(level)
      .store_in(MemoryType::Stack)
      .bound_extent(vars[0], int(output.value.headDim))
      .bound_extent(vars[2], kernel.tokensAtOnce());
  if (output.value.headDim % quipu::tileRows == 0)
    stored.vectorize(vars[0], 16).unroll(vars[0]);
  for (Func stage : output.stages) {
    stage.compute_at(level).store_in(MemoryType::Stack);
    stage.bound_extent(stage.args()[2], kernel.tokensAtOnce());
  }
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
