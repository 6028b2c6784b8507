//===- ScheduleRows.cpp - How norms and quantization run ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/Schedule.h"

using namespace quipu::cpu;
using namespace Halide;

static Func &atRoot(Func &f) {
  return f.compute_root().store_in(MemoryType::Stack);
}

static void scheduleNorm(KernelBuilder::Norm &norm) {
  Var u = norm.partial.args()[0];
  atRoot(norm.partial).vectorize(u, norm.lanes);
  RVar k = norm.partial.rvars()[0];
  norm.partial.update().reorder(u, k).vectorize(u, norm.lanes);
  atRoot(norm.folded).vectorize(u, std::min(norm.lanes, 16));
  atRoot(norm.factor);
}

static void scheduleQuantize(KernelBuilder::Quantize &q) {
  Var i = q.input.args()[0], b = q.largest.args()[0];
  atRoot(q.input).vectorize(i, int(quipu::blockSize));
  atRoot(q.largest);
  q.largest.update().atomic().vectorize(q.largest.rvars()[0]);
  atRoot(q.inverse).vectorize(b, 16, TailStrategy::GuardWithIf);
  atRoot(q.rounded).vectorize(q.rounded.args()[0], int(quipu::blockSize));
  atRoot(q.halfTotal);
  q.halfTotal.update().atomic().vectorize(q.halfTotal.rvars()[0]);
  for (Func f :
       {q.to.scales, q.to.starts, q.to.sums, q.to.halfStarts, q.to.halfSums})
    atRoot(f).vectorize(f.args()[0], 16, TailStrategy::GuardWithIf);
}

void quipu::cpu::scheduleRows(KernelBuilder &kernel) {
  for (KernelBuilder::Norm &norm : kernel.norms)
    if (!norm.isOfHeads() || norm.isOfRow)
      scheduleNorm(norm);
  for (KernelBuilder::Quantize &q : kernel.quantizes)
    scheduleQuantize(q);
  for (Func &pairs : kernel.pairs)
    atRoot(pairs).vectorize(pairs.args()[0], 16, TailStrategy::GuardWithIf);
  for (KernelBuilder::Output &output : kernel.outputs) {
    if (output.kind == KernelBuilder::Output::Rows ||
        output.kind == KernelBuilder::Output::Quantized)
      output.func.vectorize(output.func.args()[0], 16,
                            TailStrategy::GuardWithIf);
  }
}
