//===- LowerDots.cpp - Plain linear layers on a GPU -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Outputs that a block computes, for a warp one where tokens are few.
static constexpr int64_t manyColumns = 64, fewColumns = rowThreads / 32;
static constexpr int64_t fewTokens = 16;
/// Numbers of a row that a lane loads before it multiplies them.
static constexpr int64_t loadsAtOnce = 16;

namespace {
/// A warp computes a number of an output: its lanes share the columns of the
/// linear layers that it needs.
struct DotLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      SmallVector<Operation *> ops(llvm::make_pointer_range(
          kernel.getBody().front().without_terminator()));
      LogicalResult result = success();
      Value token = b.getBlock(), thread = b.getThread();
      Value warp = b.divide(thread, 32), lane = b.remainder(thread, 32);
      Value scratch = b.getSharedMemory();
      Value count = getCount();
      b.waitForKernelBefore();
      Elements elements(*this);
      int64_t most = 1;
      for (const Output &output : getOutputs(kernel))
        most = std::max(most, output.columns);
      constexpr int64_t maxBlocksY = 65535;
      bool isFew = getKernelTokens(kernel) <= fewTokens &&
                   most <= maxBlocksY * fewColumns;
      int64_t blockColumns = isFew ? fewColumns : manyColumns;
      b.ifThen(b.less(token, count), [&] {
        elements.reduceRow(ops, token, scratch, thread, [&] { b.syncBlock(); });
        for (auto linear : kernel.getOps<LinearOp>())
          elements.set(linear.getResult(),
                       [&, linear](Value token, Value column) mutable {
                         return emitDot(elements, linear, token, column, lane);
                       });
        for (const Output &output : getOutputs(kernel)) {
          Value first = b.mul(b.getBlockY(), blockColumns);
          Value end = b.min(b.add(first, blockColumns), output.columns);
          b.forEach(
              b.add(first, warp), end, rowThreads / 32, [&](Value column) {
                Value number = elements.get(output.value, token, column);
                b.ifThen(b.equal(lane, 0), [&] {
                  if (failed(elements.store(output, number, token, column)))
                    result = failure();
                });
              });
        }
      });
      if (failed(result))
        return failure();
      return Launch{{getKernelTokens(kernel),
                     static_cast<int64_t>(llvm::divideCeil(most, blockColumns)),
                     1},
                    Elements::getScratchBytes(ops)};
    });
  }

  Value emitDot(Elements &elements, LinearOp linear, Value token, Value row,
                Value lane) {
    RankedTensorType weight = linear.getWeight().getType();
    int64_t rows = linear.getRows(), columns = linear.getColumns();
    Value matrix, first = b.i32(0); // and the input's first column
    Value biasAt = row;
    if (Value ids = linear.getIds()) {
      Value choice = b.divide(row, rows);
      matrix = getChosen(ids, token, choice);
      row = b.remainder(row, rows);
      biasAt = b.add(b.mul(matrix, rows), row);
      if (linear.hasRowPerChoice())
        first = b.mul(choice, columns);
    }
    auto add = [&](Value k, Value sum, int64_t count) {
      SmallVector<std::pair<Value, Value>> factors;
      for (int64_t i = 0; i < count; ++i) {
        Value column = b.add(k, 32 * i);
        factors.emplace_back(
            elements.getWeight(linear.getWeight().getSymbol(), weight, row,
                               column, matrix),
            elements.get(linear.getInput(), token, b.add(first, column)));
      }
      for (auto [w, x] : factors)
        sum = b.fma(w, x, sum);
      return sum;
    };
    constexpr int64_t atOnce = 32 * loadsAtOnce;
    int64_t whole = columns / atOnce * atOnce;
    Values sum = b.forEach(lane, whole, atOnce, {b.f32(0)},
                           [&](Value k, Values sum) -> Values {
                             return {add(k, sum[0], loadsAtOnce)};
                           });
    sum = b.forEach(
        b.add(lane, whole), columns, 32, sum,
        [&](Value k, Values sum) -> Values { return {add(k, sum[0], 1)}; });
    Value dot =
        b.reduce(sum[0], 32, [&](Value x, Value y) { return b.addF(x, y); });
    return linear.getBias()
               ? b.addF(dot, elements.getWeight(*linear.getBias(), biasAt))
               : dot;
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createDotLowering(KernelOp kernel, GpuAttr gpu,
                              mlir::gpu::GPUModuleOp device) {
  return std::make_unique<DotLowering>(kernel, gpu, device);
}
