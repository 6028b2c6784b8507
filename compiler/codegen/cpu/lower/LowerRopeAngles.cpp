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
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
struct RopeAnglesLowering : KernelLowering {
  explicit RopeAnglesLowering(KernelOp kernel) : KernelLowering(kernel) {}
  LogicalResult emitBody(const KernelCode &code) final;

private:
  Value loadOf(size_t array, Value row);
  Value getFactors(RopeAnglesOp op, Value row);
  void emitDynamic(RopeAnglesOp op, Value row, const RopeFrequencies &angles,
                   Value table);
  void emitAxes(RopeAnglesOp op, Value row, const RopeFrequencies &angles,
                Value frequencies, Value table);
};
} // namespace

static double getNumber(Attribute number) {
  if (auto integer = dyn_cast<IntegerAttr>(number))
    return static_cast<double>(integer.getInt());
  return cast<FloatAttr>(number).getValueAsDouble();
}

/// A token's number in one of the arrays of StepArgs.
Value RopeAnglesLowering::loadOf(size_t array, Value row) {
  return LLVM::LoadOp::create(
      builder, builder.getI32Type(),
      getRow(abi.loadPointer(args, static_cast<int64_t>(array)), row,
             sizeof(int32_t)));
}

/// Those for the length of the token's sequence.
Value RopeAnglesLowering::getFactors(RopeAnglesOp op, Value row) {
  if (!op.getFactors())
    return abi.getNull();
  Value factors = getWeight(op.getFactors()->getSymbol());
  if (!op.getShortFactors())
    return factors;
  auto context = static_cast<int32_t>(std::min<double>(
      getNumber(op.getScaling()->getOriginalContext()), abi::maxContext));
  Value isShort = arith::CmpIOp::create(
      builder, arith::CmpIPredicate::sle,
      loadOf(offsetof(abi::StepArgs, lengths), row), abi.getInt32(context));
  return arith::SelectOp::create(
      builder, isShort, getWeight(op.getShortFactors()->getSymbol()), factors);
}

void RopeAnglesLowering::emitDynamic(RopeAnglesOp op, Value row,
                                     const RopeFrequencies &angles,
                                     Value table) {
  RopeScalingAttr scaling = *op.getScaling();
  abi.call<decltype(quipu_dynamic_rope_angles)>(
      "quipu_dynamic_rope_angles",
      {loadOf(offsetof(abi::StepArgs, positions), row),
       loadOf(offsetof(abi::StepArgs, lengths), row),
       abi.getDouble(getNumber(op.getTheta())),
       abi.getDouble(getNumber(scaling.getFactor())),
       abi.getDouble(getNumber(scaling.getOriginalContext())),
       abi.getInt32(angles.frequencies.size()), abi.getFloat(angles.scale),
       table});
}

void RopeAnglesLowering::emitAxes(RopeAnglesOp op, Value row,
                                  const RopeFrequencies &angles,
                                  Value frequencies, Value table) {
  SmallVector<Value> values;
  for (Value axis : op.getAxes())
    values.push_back(getRow(getOperand(axis), row, sizeof(int32_t)));
  values.append({abi.getConstant((kernel.getSymName() + ".axes").str(),
                                 op.getAxesOfPairs()),
                 frequencies, getFactors(op, row),
                 abi.getInt32(angles.frequencies.size()),
                 abi.getFloat(angles.scale), table});
  abi.call<decltype(quipu_axes_rope_angles)>("quipu_axes_rope_angles", values);
}

/// The runtime computes the cosines and sines, a token at a time: a few dozen
/// per token, where the layers take millions of operations.
LogicalResult RopeAnglesLowering::emitBody(const KernelCode & /*code*/) {
  auto op = getOnlyOp<RopeAnglesOp>();
  RopeFrequencies angles = getRopeFrequencies(op);
  bool isDynamic = op.getScaling() &&
                   op.getScaling()->getKind() == abi::RopeScaling::Dynamic;
  Value frequencies;
  if (!isDynamic)
    frequencies = abi.getConstant((kernel.getSymName() + ".frequencies").str(),
                                  angles.frequencies);
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto [begin, end] = abi.getWorkerRange(
      abi.getCount(args, kernel.getSelected()), worker, workers);
  Value positions = abi.loadPointer(args, offsetof(abi::StepArgs, positions));
  auto loop = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
  builder.setInsertionPointToStart(loop.getBody());
  Value row = LLVM::TruncOp::create(builder, builder.getI32Type(),
                                    loop.getInductionVar());
  Value table = getRow(getResult(0), row, getRowBytes(type));
  if (isDynamic) {
    emitDynamic(op, row, angles, table);
    return success();
  }
  if (!op.getAxes().empty()) {
    emitAxes(op, row, angles, frequencies, table);
    return success();
  }
  abi.call<decltype(quipu_rope_angles)>(
      "quipu_rope_angles",
      {getRow(positions, row, sizeof(int32_t)), abi.getInt32(1), frequencies,
       getFactors(op, row), abi.getInt32(angles.frequencies.size()),
       abi.getFloat(angles.scale), table});
  return success();
}

std::unique_ptr<KernelLowering> cpu::createRopeAnglesLowering(KernelOp kernel) {
  return std::make_unique<RopeAnglesLowering>(kernel);
}
