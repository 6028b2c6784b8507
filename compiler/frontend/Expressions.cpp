//===- Expressions.cpp - Numbers that a spec computes ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Expressions.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace quipu;

/// base^exponent for an exponent that is not negative.
static std::optional<int64_t> computePower(int64_t base, int64_t exponent) {
  if (base == 0 || base == 1 || exponent == 0)
    return exponent == 0 ? 1 : base;
  if (base == -1)
    return exponent % 2 ? -1 : 1;
  int64_t power = 1;
  for (int64_t i = 0; i < exponent; ++i) // at most 63 rounds fit
    if (llvm::MulOverflow(power, base, power))
      return std::nullopt;
  return power;
}

namespace {
/// What two integers make: an integer, a real's turn, or no number.
struct Exact {
  std::optional<int64_t> value;
  bool isReal = false;
};
} // namespace

static Exact computeExactly(Operator operation, int64_t lhs, int64_t rhs) {
  bool divides =
      rhs != 0 && !(lhs == std::numeric_limits<int64_t>::min() && rhs == -1);
  switch (operation) {
  case Operator::Add:
    return {llvm::checkedAdd(lhs, rhs)};
  case Operator::Subtract:
    return {llvm::checkedSub(lhs, rhs)};
  case Operator::Multiply:
    return {llvm::checkedMul(lhs, rhs)};
  case Operator::FloorDiv:
    if (!divides)
      return {};
    return {llvm::divideFloorSigned(lhs, rhs)};
  case Operator::Divide:
    if (divides && lhs % rhs == 0)
      return {lhs / rhs};
    return {std::nullopt, /*isReal=*/rhs != 0};
  case Operator::Power:
    if (rhs >= 0)
      return {computePower(lhs, rhs)};
    return {std::nullopt, /*isReal=*/true};
  }
  llvm_unreachable("an unknown operator");
}

static std::optional<double> getReal(Attribute number) {
  if (auto integer = dyn_cast<IntegerAttr>(number))
    return static_cast<double>(integer.getInt());
  if (auto real = dyn_cast<FloatAttr>(number))
    return real.getValueAsDouble();
  return std::nullopt;
}

static std::optional<double> computeReal(Operator operation, double lhs,
                                         double rhs) {
  switch (operation) {
  case Operator::Add:
    return lhs + rhs;
  case Operator::Subtract:
    return lhs - rhs;
  case Operator::Multiply:
    return lhs * rhs;
  case Operator::Divide:
    return lhs / rhs;
  case Operator::Power:
    return std::pow(lhs, rhs);
  case Operator::FloorDiv:
    return std::nullopt; // of integers only
  }
  llvm_unreachable("an unknown operator");
}

std::optional<Attribute> quipu::compute(Operator operation, Attribute lhs,
                                        Attribute rhs) {
  Builder builder(lhs.getContext());
  auto left = dyn_cast<IntegerAttr>(lhs), right = dyn_cast<IntegerAttr>(rhs);
  if (left && right) {
    Exact exact = computeExactly(operation, left.getInt(), right.getInt());
    if (exact.value)
      return builder.getI64IntegerAttr(*exact.value);
    if (!exact.isReal)
      return std::nullopt;
  }
  std::optional<double> x = getReal(lhs), y = getReal(rhs);
  std::optional<double> result =
      x && y ? computeReal(operation, *x, *y) : std::nullopt;
  if (!result || !std::isfinite(*result))
    return std::nullopt;
  return builder.getF64FloatAttr(*result);
}
