//===- QuipuRope.cpp - Verifiers of rotary positions ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/OpNumbers.h"
#include "dialect/Quipu.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quipu;

/// Whether f32 holds `number`; true for a parameter's name.
static bool isFinite(Attribute number) {
  auto real = dyn_cast_or_null<FloatAttr>(number);
  return !real || std::isfinite(static_cast<float>(real.getValueAsDouble()));
}

/// What the scaling's type needs, as C3 says; the type is bound.
static LogicalResult verifyScaling(RopeAnglesOp op, RopeScalingAttr scaling) {
  std::optional<abi::RopeScaling> kind = scaling.getKind();
  if (!kind)
    return op.emitOpError("C3: the scaling ")
           << scaling.getType() << " is none of "
           << llvm::join(abi::ropeScalingNames, ", ");
  if (kind == abi::RopeScaling::None)
    return success();
  bool isLlama3 = kind == abi::RopeScaling::Llama3;
  bool isLinear = kind == abi::RopeScaling::Linear;
  bool isLongrope = kind == abi::RopeScaling::Longrope;
  bool hasFactor =
      scaling.getFactor() || (isLongrope && scaling.getAttention());
  if (!hasFactor || (!isLinear && !scaling.getOriginalContext()) ||
      (isLlama3 && (!scaling.getLow() || !scaling.getHigh())))
    return op.emitOpError("C3: the scaling ")
           << scaling.getType() << " lacks a field";
  if (scaling.getFactor() && !(getNumber(scaling.getFactor()) > 0))
    return op.emitOpError("C3: the scaling's factor is not positive: ")
           << scaling.getFactor();
  if (isLinear)
    return success();
  if (!(getNumber(scaling.getOriginalContext()) > 0))
    return op.emitOpError("C3: the scaling's original_context is not "
                          "positive: ")
           << scaling.getOriginalContext();
  if (isLongrope || kind == abi::RopeScaling::Dynamic)
    return success();
  Builder builder(op.getContext());
  Attribute low = scaling.getLow(), high = scaling.getHigh();
  if (!isLlama3) {
    low = scaling.getBetaSlow() ? scaling.getBetaSlow()
                                : builder.getF64FloatAttr(1);
    high = scaling.getBetaFast() ? scaling.getBetaFast()
                                 : builder.getF64FloatAttr(32);
  }
  double first = getNumber(low), last = getNumber(high);
  if (!(first > 0) || !(isLlama3 ? first < last : first <= last))
    return op.emitOpError("C3: the scaling's ")
           << (isLlama3 ? "low and high" : "beta_slow and beta_fast")
           << " are not rising: " << low << " and " << high;
  return success();
}

/// C5 and C6.
static LogicalResult verifyShortFactors(RopeAnglesOp op,
                                        RopeScalingAttr scaling) {
  std::optional<WeightAttr> factors = op.getShortFactors();
  int64_t pairs =
      cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  if (factors && !isVector(factors->getType(), pairs))
    return op.emitOpError("C5: the short factors are ")
           << factors->getType() << " instead of " << pairs
           << " numbers in f32";
  if (factors && !op.getFactors())
    return op.emitOpError("C5: there are short factors and no others");
  Attribute context = scaling ? scaling.getOriginalContext() : Attribute();
  if (factors && !(context && getNumber(context) > 0))
    return op.emitOpError("C5: there are short factors and no positive "
                          "original_context of a scaling");
  std::optional<abi::RopeScaling> kind;
  if (scaling)
    kind = scaling.getKind();
  if (kind == abi::RopeScaling::Longrope && !op.getFactors())
    return op.emitOpError("C5: longrope has no factors");
  if (kind == abi::RopeScaling::Dynamic && (op.getFactors() || pairs < 2))
    return op.emitOpError("C6: dynamic scaling has factors, or 2 dims only");
  return success();
}

/// Of section number `axis` in `op`.
static int64_t getSection(RopeAnglesOp op, unsigned axis) {
  return getSize((*op.getSections())[axis], -1);
}

/// C7, and C6 of axes.
static LogicalResult verifyAxes(RopeAnglesOp op, RopeScalingAttr scaling) {
  if (op.getAxes().empty())
    return success();
  auto result = cast<RankedTensorType>(op.getResult().getType());
  int64_t pairs = result.getDimSize(1), left = pairs;
  if (op.getAxes().size() != 3 || op.getSections()->size() != 3)
    return op.emitOpError("C7: there are ")
           << op.getAxes().size() << " axes and " << op.getSections()->size()
           << " sections, expected 3 of each";
  for (Value axis : op.getAxes())
    if (axis.getType() !=
        RankedTensorType::get({result.getDimSize(0)},
                              IntegerType::get(op.getContext(), 32)))
      return op.emitOpError("C7: an axis is ")
             << axis.getType() << ", expected an i32 for each of the "
             << result.getDimSize(0) << " tokens";
  for (unsigned axis = 0; axis < 3; ++axis) {
    int64_t section = getSection(op, axis);
    // The last pair of an interleaved section is axis + 3 * (section - 1).
    bool isLong = op.getInterleaved() && axis > 0 && section > 0 &&
                  (pairs - 1 < axis || section - 1 > (pairs - 1 - axis) / 3);
    if (section < 0 || section > left || isLong)
      return op.emitOpError("C7: the sections ")
             << *op.getSections() << " do not fit " << pairs << " pairs";
    left -= section;
  }
  if (left)
    return op.emitOpError("C7: the sections ")
           << *op.getSections() << " have " << pairs - left
           << " pairs instead of " << pairs;
  if (scaling && scaling.getKind() == abi::RopeScaling::Dynamic)
    return op.emitOpError("C6: dynamic scaling has axes");
  return success();
}

SmallVector<int32_t> RopeAnglesOp::getAxesOfPairs() {
  SmallVector<int32_t> axes;
  if (getAxes().empty())
    return axes;
  if (!getInterleaved()) {
    for (int32_t axis = 0; axis < 3; ++axis)
      axes.append(getSection(*this, axis), axis);
    return axes;
  }
  int64_t pairs = cast<RankedTensorType>(getResult().getType()).getDimSize(1);
  for (int64_t pair = 0; pair < pairs; ++pair) {
    auto axis = static_cast<int32_t>(pair % 3);
    axes.push_back(pair / 3 < getSection(*this, axis) ? axis : 0);
  }
  return axes;
}

LogicalResult RopeAnglesOp::verify() {
  auto theta = dyn_cast<FloatAttr>(getTheta());
  if (!isFinite(theta))
    return emitOpError("C4: theta is ") << theta << ", not finite in f32";
  if (theta && !(theta.getValueAsDouble() > 1))
    return emitOpError("C4: theta is ") << theta << ", not above 1";
  RopeScalingAttr scaling = getScaling().value_or(RopeScalingAttr());
  if (scaling)
    for (Attribute number :
         {scaling.getFactor(), scaling.getOriginalContext(), scaling.getLow(),
          scaling.getHigh(), scaling.getBetaFast(), scaling.getBetaSlow(),
          scaling.getAttention(), scaling.getTruncate()})
      if (!isFinite(number))
        return emitOpError("C4: a number of the scaling is ")
               << number << ", not finite in f32";
  auto result = dyn_cast<RankedTensorType>(getResult().getType());
  if (!result || result.getRank() != 3)
    return success(); // not bound yet, or reported by the shape rule
  if (getFactors() && !isVector(getFactors()->getType(), result.getDimSize(1)))
    return emitOpError("C2: the factors are ")
           << getFactors()->getType() << " instead of " << result.getDimSize(1)
           << " numbers in f32";
  if (failed(verifyShortFactors(*this, scaling)) ||
      failed(verifyAxes(*this, scaling)))
    return failure();
  return scaling ? verifyScaling(*this, scaling) : success();
}

int64_t quipu::getFirstTurned(RopeOp rope) {
  auto first = dyn_cast_or_null<IntegerAttr>(rope.getFromAttr());
  return first ? first.getInt() : 0;
}

LogicalResult RopeOp::verify() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  auto angles = dyn_cast<RankedTensorType>(getAngles().getType());
  if (!input || !angles)
    return success();
  if (input.getRank() != 3)
    return emitOpError("C1: the input has no heads: ") << input;
  int64_t first = getFirstTurned(*this);
  if (first < 0)
    return emitOpError("C3: the components from ")
           << getFromAttr() << " on are to turn, not from 0 or more";
  if (angles.getRank() != 3 || angles.getDimSize(0) != input.getDimSize(0) ||
      angles.getDimSize(2) != 2 || first > input.getDimSize(2) ||
      angles.getDimSize(1) * 2 > input.getDimSize(2) - first)
    return emitOpError("C2: the angles ")
           << angles << " do not fit " << input
           << (first ? " from " + std::to_string(first) + " on" : "");
  return success();
}
