//===- LowerPool.cpp - Pooling on a GPU -----------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "abi/Pooling.h"
#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
/// A thread for each column walks all tokens in order: a sequence's rows are
/// added up in the order of their positions, however the tokens are grouped.
struct PoolLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    auto op = cast<PoolOp>(kernel.getBody().front().front());
    StateOp state =
        op.getStateAttr() ? findState(kernel, op.getStateAttr()) : StateOp();
    if (!state || !state.getPool())
      return op.emitOpError(
          "needs a state with an offset; run assign-state-offsets first");
    int64_t number = *state.getPool();
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      auto type = cast<RankedTensorType>(op.getResult().getType());
      int64_t width = getElementsPerToken(type);
      Value column = b.add(b.mul(b.getBlock(), rowThreads), b.getThread());
      b.waitForKernelBefore();
      b.ifThen(b.less(column, width),
               [&] { emitColumn(op, number, width, column); });
      return Launch{
          {static_cast<int64_t>(llvm::divideCeil(width, rowThreads)), 1, 1}, 0};
    });
  }

  void emitColumn(PoolOp op, int64_t number, int64_t width, Value column) {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto kind = *abi::findPooling(cast<StringAttr>(op.getKind()).getValue());
    Value sums = b.load(b.getPointerType(1),
                        b.at(loadArgument(offsetof(abi::StepArgs, sums)),
                             static_cast<int64_t>(number * sizeof(void *))));
    Value positions = loadArgument(offsetof(abi::StepArgs, positions)),
          sequences = loadArgument(offsetof(abi::StepArgs, sequences));
    Value inputs = getOperand(cast<BlockArgument>(op.getInput())),
          results = getResult(0);
    b.forEach(0, getCount(), 1, [&](Value token) {
      auto loadOf = [&](Value numbers) {
        return b.load(b.getI32Type(), b.at(numbers, b.mul(token, 4)));
      };
      auto getPlace = [&](Value rows, Value row, int64_t bytes) {
        return b.at(b.at(rows, b.mul(b.extend(row), b.i64(bytes))),
                    b.mul(column, 4));
      };
      Value position = loadOf(positions);
      Value sum = getPlace(sums, loadOf(sequences), width * 4);
      Value before = b.load(b.getF32Type(), sum);
      Value number =
          b.load(b.getF32Type(), getPlace(inputs, token, getRowBytes(type)));
      Value now =
          b.select(b.equal(position, 0), number, addRow(kind, before, number));
      b.store(now, sum);
      Value result = now;
      if (kind == abi::Pooling::Mean)
        result = b.divideF(now, b.toFloat(b.add(position, 1)));
      if (kind == abi::Pooling::MeanSqrtLen)
        result = b.mulF(now, b.rsqrt(b.toFloat(b.add(position, 1))));
      b.store(result, getPlace(results, token, getRowBytes(type)));
    });
  }

  /// What is kept of a sequence's rows, after one that is not the first.
  Value addRow(abi::Pooling kind, Value before, Value number) {
    switch (kind) {
    case abi::Pooling::Mean:
    case abi::Pooling::MeanSqrtLen:
      return b.addF(before, number);
    case abi::Pooling::Max:
      return b.select(b.lessF(before, number), number, before);
    case abi::Pooling::First:
      return before;
    case abi::Pooling::Last:
      return number;
    }
    llvm_unreachable("no such pooling");
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createPoolLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device) {
  return std::make_unique<PoolLowering>(kernel, gpu, device);
}
