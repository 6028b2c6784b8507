//===- Expressions.h - Numbers that a spec computes -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_EXPRESSIONS_H
#define QUIPU_COMPILER_FRONTEND_EXPRESSIONS_H

#include "dialect/Quipu.h"

namespace quipu {

/// The number that `operation` makes of two, an i64 or f64 attribute as
/// ExpressionAttr says; none when a part is no number, what is divided by is 0,
/// the result does not fit, or is not finite.
std::optional<mlir::Attribute> compute(Operator operation, mlir::Attribute lhs,
                                       mlir::Attribute rhs);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_EXPRESSIONS_H
