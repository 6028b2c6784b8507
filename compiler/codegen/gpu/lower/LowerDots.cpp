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

/// Outputs that a block computes.
static constexpr int64_t blockColumns = 64;

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
      b.ifThen(b.less(token, count), [&] {
        elements.reduceRow(ops, token, scratch, thread, [&] { b.syncBlock(); });
        for (auto linear : kernel.getOps<LinearOp>())
          elements.set(linear.getResult(),
                       [&, linear](Value token, Value column) mutable {
                         return emitDot(elements, linear, token, column, lane);
                       });
        for (const Output &output : getOutputs(kernel)) {
          most = std::max(most, output.columns);
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
    Values sum =
        b.forEach(lane, columns, 32, {b.f32(0)}, [&](Value k, Values sum) {
          Value w = elements.getWeight(linear.getWeight().getSymbol(), weight,
                                       row, k, matrix);
          Value x = elements.get(linear.getInput(), token, b.add(first, k));
          return Values{b.fma(w, x, sum[0])};
        });
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
