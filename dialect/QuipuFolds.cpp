//===- QuipuFolds.cpp - Folds ---------------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Pooling.h"
#include "dialect/Quipu.h"

using namespace mlir;
using namespace quipu;

/// x * 1 is x.
OpFoldResult ScaleOp::fold(FoldAdaptor) {
  auto factor = dyn_cast<FloatAttr>(getFactor());
  return factor && factor.getValue().isExactlyValue(1.0) ? getInput()
                                                         : OpFoldResult();
}

/// Without a bound nothing is cut off.
OpFoldResult ClampOp::fold(FoldAdaptor) {
  return getFromAttr() || getToAttr() ? OpFoldResult() : getInput();
}

/// relu(relu(x)) is relu(x).
OpFoldResult ActivateOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<ActivateOp>();
  bool again = inner && getKind() == ActivationKind::Relu &&
               inner.getKind() == ActivationKind::Relu;
  return again ? getInput() : OpFoldResult();
}

/// The last row is the token's own.
OpFoldResult PoolOp::fold(FoldAdaptor) {
  auto kind = dyn_cast<StringAttr>(getKind());
  return kind && abi::findPooling(kind.getValue()) == abi::Pooling::Last
             ? getInput()
             : OpFoldResult();
}
