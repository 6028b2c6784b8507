//===- LowerRopeAngles.cpp - A kernel of rotary angles --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "compiler/codegen/host/RopeFrequencies.h"
#include "dialect/PackedLayout.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
struct RopeAnglesLowering : KernelLowering {
  explicit RopeAnglesLowering(KernelOp kernel) : KernelLowering(kernel) {}
  LogicalResult emitBody(const KernelCode &code) final;
};
} // namespace

/// The runtime computes the cosines and sines, a token at a time: a few dozen
/// per token, where the layers take millions of operations.
LogicalResult RopeAnglesLowering::emitBody(const KernelCode & /*code*/) {
  auto op = getOnlyOp<RopeAnglesOp>();
  RopeFrequencies angles = getRopeFrequencies(op);
  Value frequencies = abi.getConstant(
      (kernel.getSymName() + ".frequencies").str(), angles.frequencies);
  Value factors =
      op.getFactors() ? getWeight(op.getFactors()->getSymbol()) : abi.getNull();
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto [begin, end] = abi.getWorkerRange(
      abi.getCount(args, kernel.getSelected()), worker, workers);
  Value positions = abi.loadPointer(args, offsetof(abi::StepArgs, positions));
  auto loop = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
  builder.setInsertionPointToStart(loop.getBody());
  Value row = LLVM::TruncOp::create(builder, builder.getI32Type(),
                                    loop.getInductionVar());
  abi.call<decltype(quipu_rope_angles)>(
      "quipu_rope_angles",
      {getRow(positions, row, sizeof(int32_t)), abi.getInt32(1), frequencies,
       factors, abi.getInt32(angles.frequencies.size()),
       abi.getFloat(angles.scale),
       getRow(getResult(0), row, getRowBytes(type))});
  return success();
}

std::unique_ptr<KernelLowering> cpu::createRopeAnglesLowering(KernelOp kernel) {
  return std::make_unique<RopeAnglesLowering>(kernel);
}
