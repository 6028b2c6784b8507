//===- LowerTopK.cpp - A kernel that chooses experts ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
struct TopKLowering : KernelLowering {
  explicit TopKLowering(KernelOp kernel) : KernelLowering(kernel) {}
  LogicalResult emitBody(const KernelCode &code) final;
};
} // namespace

/// The runtime chooses, a token at a time.
LogicalResult TopKLowering::emitBody(const KernelCode & /*code*/) {
  auto op = getOnlyOp<TopKOp>();
  auto scores = cast<RankedTensorType>(op.getScores().getType());
  auto getSize = [&](Attribute size) {
    auto number = dyn_cast_or_null<IntegerAttr>(size);
    return abi.getInt32(number ? int32_t(number.getInt()) : 1);
  };
  Value bias =
      op.getBias() ? getWeight(op.getBias()->getSymbol()) : abi.getNull();
  auto [begin, end] = abi.getWorkerRange(
      abi.getCount(args, kernel.getSelected()), worker, workers);
  auto loop = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
  builder.setInsertionPointToStart(loop.getBody());
  Value row = LLVM::TruncOp::create(builder, builder.getI32Type(),
                                    loop.getInductionVar());
  auto getRowOf = [&](Value pointer, Value value) {
    return getRow(pointer, row,
                  getRowBytes(cast<RankedTensorType>(value.getType())));
  };
  abi.call<decltype(quipu_top_k)>(
      "quipu_top_k",
      {getRowOf(getOperand(op.getScores()), op.getScores()),
       abi.getInt32(int32_t(scores.getDimSize(1))), bias,
       getSize(op.getCount()), getSize(op.getGroupsAttr()),
       getSize(op.getKeptAttr()), abi.getInt32(int32_t(op.getScoresOfGroup())),
       abi.getInt32(op.isNormalized()), getRowOf(getResult(0), op.getIds()),
       getRowOf(getResult(1), op.getWeights())});
  return success();
}

std::unique_ptr<KernelLowering> cpu::createTopKLowering(KernelOp kernel) {
  return std::make_unique<TopKLowering>(kernel);
}
