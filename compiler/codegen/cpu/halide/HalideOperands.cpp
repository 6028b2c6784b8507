//===- HalideOperands.cpp - What a kernel reads ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), b("b"), m("m");

KernelBuilder::KernelBuilder(std::string name, int64_t tokens,
                             RegisterTile tile, Vectors vectors)
    : name(std::move(name)), tokens(tokens), tile(tile), vectors(vectors) {
  if (tokens == 1)
    return;
  rowsFirst = scalar(KernelArgument::RowsFirst);
  rowsCount = scalar(KernelArgument::RowsCount);
}

ImageParam KernelBuilder::buffer(BufferOwner owner, Type type,
                                 std::vector<int64_t> strides, int64_t offset) {
  ImageParam param(type, strides.size());
  for (size_t dim = 0; dim < strides.size(); ++dim)
    param.dim(dim).set_min(0).set_stride(i32(int(strides[dim])));
  arguments.push_back({KernelArgument::Input, /*result=*/0, owner, offset});
  halideArguments.push_back(param);
  return param;
}

Param<int32_t> KernelBuilder::scalar(KernelArgument::Kind kind,
                                     unsigned result) {
  Param<int32_t> param;
  arguments.push_back({kind, result});
  halideArguments.push_back(param);
  return param;
}

void KernelBuilder::computeChoices(int64_t count) {
  chosen = count;
  if (tokens > 1)
    choices = buffer({BufferOwner::Choices}, Int(32), {1});
}

Expr KernelBuilder::getRow(const BufferOwner &owner, Expr row) const {
  if (!choices)
    return row;
  Expr choice =
      unsafe_promise_clamped((*choices)(row), 0, int(tokens * chosen - 1));
  return owner.isOfTokens ? choice / int(chosen) : choice;
}

FloatValue KernelBuilder::rows(BufferOwner owner, int64_t width,
                               int64_t stride) {
  FloatValue x;
  x.width = width;
  ImageParam in = buffer(owner, Float(32), {1, stride});
  in.set_host_alignment(4);
  x.func = Func("rows");
  x.func(i, m) = in(i, getRow(owner, m));
  return x;
}

FloatValue KernelBuilder::pairedRows(BufferOwner owner, int64_t width,
                                     int64_t stride) {
  FloatValue x;
  x.width = width;
  ImageParam in = buffer(owner, UInt(32), {1, stride});
  x.pairs = Func("pairs");
  (*x.pairs)(i, m) = in(i, getRow(owner, m));
  x.func(i, m) = readPair((*x.pairs)(i / 2, m), i);
  return x;
}

QuantizedValue KernelBuilder::quantizedRows(BufferOwner owner, int64_t width,
                                            int64_t stride) {
  QuantizedRowLayout layout{width};
  int64_t row = stride * int64_t(sizeof(float));
  ImageParam values = buffer(owner, Int(8), {1, 32, row});
  auto part = [&](Type type, int64_t offset) {
    return buffer(owner, type, {1, row / 4}, offset);
  };
  ImageParam scales = part(Float(32), layout.scaleOffset());
  ImageParam starts = part(Int(32), layout.startOffset());
  ImageParam sums = part(Float(32), layout.sumOffset());
  ImageParam halfStarts = part(Int(32), layout.halfStartOffset());
  ImageParam halfSums = part(Float(32), layout.halfSumOffset());
  QuantizedValue x;
  x.width = width;
  Expr at = getRow(owner, m);
  x.values(i, b, m) = values(i, b, at);
  x.scales(b, m) = scales(b, at);
  x.starts(b, m) = starts(b, at);
  x.sums(b, m) = sums(b, at);
  x.halfStarts(b, m) = halfStarts(b, at);
  x.halfSums(b, m) = halfSums(b, at);
  return x;
}
