//===- LowerPool.cpp - A kernel that pools a sequence's rows --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "abi/Pooling.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
struct PoolLowering : KernelLowering {
  explicit PoolLowering(KernelOp kernel) : KernelLowering(kernel) {}
  LogicalResult emitBody(const KernelCode &code) final;

private:
  Value addRow(abi::Pooling kind, Value before, Value number);
};
} // namespace

/// What is kept of a sequence's rows, after one that is not the first.
Value PoolLowering::addRow(abi::Pooling kind, Value before, Value number) {
  switch (kind) {
  case abi::Pooling::Mean:
  case abi::Pooling::MeanSqrtLen:
    return arith::AddFOp::create(builder, before, number);
  case abi::Pooling::Max:
    return arith::SelectOp::create(
        builder,
        arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT, before,
                              number),
        number, before);
  case abi::Pooling::First:
    return before;
  case abi::Pooling::Last:
    return number;
  }
  llvm_unreachable("no such pooling");
}

/// Workers share the columns, 16 at a time, and walk all tokens in order: a
/// sequence's rows are added up in the order of their positions, however the
/// tokens are grouped.
LogicalResult PoolLowering::emitBody(const KernelCode & /*code*/) {
  auto op = getOnlyOp<PoolOp>();
  StateOp state =
      op.getStateAttr() ? findState(kernel, op.getStateAttr()) : StateOp();
  if (!state || !state.getPool())
    return op.emitOpError(
        "needs a state with an offset; run assign-state-offsets first");
  auto type = cast<RankedTensorType>(op.getResult().getType());
  int64_t width = getElementsPerToken(type);
  auto kind = *abi::findPooling(cast<StringAttr>(op.getKind()).getValue());
  Value sums = abi.loadElement(
      abi.loadPointer(args, offsetof(abi::StepArgs, sums)), *state.getPool());
  auto loadOf = [&](size_t field, Value token) -> Value {
    return LLVM::LoadOp::create(
        builder, builder.getI32Type(),
        getRow(abi.loadPointer(args, field), token, sizeof(int32_t)));
  };
  auto loop = [&](Value begin, Value end) {
    auto made = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
    builder.setInsertionPointToStart(made.getBody());
    return LLVM::TruncOp::create(builder, builder.getI32Type(),
                                 made.getInductionVar());
  };

  auto [first, last] = abi.getWorkerRange(
      abi.getInt32(int32_t(llvm::divideCeil(width, tileRows))), worker,
      workers);
  Value column =
      arith::MulIOp::create(builder, loop(first, last), abi.getInt32(tileRows));
  Value token = loop(abi.getInt64(0), abi.extend(abi.getCount(args, false)));
  Value position = loadOf(offsetof(abi::StepArgs, positions), token);
  Value sum =
      getRow(getRow(sums, loadOf(offsetof(abi::StepArgs, sequences), token),
                    width * sizeof(float)),
             column, sizeof(float));
  auto getColumns = [&](Value rows) {
    return getRow(getRow(rows, token, getRowBytes(type)), column,
                  sizeof(float));
  };
  Value isFirst = arith::CmpIOp::create(builder, arith::CmpIPredicate::eq,
                                        position, abi.getInt32(0));
  Value count = arith::SIToFPOp::create(
      builder, builder.getF32Type(),
      arith::AddIOp::create(builder, position, abi.getInt32(1)));
  Value divisor = kind == abi::Pooling::MeanSqrtLen
                      ? Value(LLVM::SqrtOp::create(builder, count))
                      : count;
  Value input = getColumns(getOperand(op.getInput())),
        result = getColumns(getResult(0));
  // The last tile may be narrower than 16.
  auto rest =
      arith::SubIOp::create(builder, abi.getInt32(int32_t(width)), column);
  Value end =
      abi.extend(arith::MinSIOp::create(builder, rest, abi.getInt32(tileRows)));
  Value lane = loop(abi.getInt64(0), end);
  auto load = [&](Value row) -> Value {
    return LLVM::LoadOp::create(builder, builder.getF32Type(),
                                getRow(row, lane, sizeof(float)));
  };
  auto store = [&](Value number, Value row) {
    LLVM::StoreOp::create(builder, number, getRow(row, lane, sizeof(float)));
  };
  Value number = load(input), before = load(sum);
  Value later = addRow(kind, before, number);
  Value now = arith::SelectOp::create(builder, isFirst, number, later);
  store(now, sum);
  bool isDivided =
      kind == abi::Pooling::Mean || kind == abi::Pooling::MeanSqrtLen;
  store(isDivided ? Value(arith::DivFOp::create(builder, now, divisor)) : now,
        result);
  return success();
}

std::unique_ptr<KernelLowering> cpu::createPoolLowering(KernelOp kernel) {
  return std::make_unique<PoolLowering>(kernel);
}
