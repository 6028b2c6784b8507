//===- QuipuSchedules.cpp - How kernels run -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Quipu.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuScheduleInterfaces.cpp.inc"

/// More unrolls loops to no end.
static constexpr int64_t maxUnrolled = 64;

static bool isInRange(int64_t number) {
  return number >= 1 && number <= maxUnrolled;
}

/// That the kernel has an op of the kind, which is alone there.
template <typename OpT>
static LogicalResult verifyIsFor(KernelOp kernel, StringRef constraint) {
  if (!kernel.getOps<OpT>().empty())
    return success();
  return kernel.emitOpError("schedule ")
         << constraint << ": " << kernel.getScheduleAttr() << " is for "
         << OpT::getOperationName();
}

LogicalResult CpuTilesAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t lanes, int64_t tokens, int64_t tiles,
                                   bool) {
  if (!isInRange(lanes) || !isInRange(tokens) || !isInRange(tiles))
    return emitError() << "C1: lanes, tokens and tiles are " << lanes << ", "
                       << tokens << " and " << tiles << ", expected from 1 to "
                       << maxUnrolled;
  return success();
}

LogicalResult CpuTilesAttr::verifyKernel(KernelOp &kernel) const {
  if (kernel.getOps<LinearOp>().empty())
    return kernel.emitOpError("schedule C2: ")
           << *this << " is for a kernel with a quipu.linear";
  return success();
}

LogicalResult CpuRowsAttr::verifyKernel(KernelOp &kernel) const {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto fusing = dyn_cast<FusionInterface>(op);
    FusionRole role = fusing ? fusing.getFusionRole() : FusionRole::Whole;
    if (role == FusionRole::Contraction || role == FusionRole::Whole)
      return kernel.emitOpError("schedule C1: ")
             << *this << " is for a kernel without " << op.getName();
  }
  return success();
}

LogicalResult
CpuAttentionAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         int64_t lanes) {
  if (!isInRange(lanes))
    return emitError() << "C1: there are " << lanes
                       << " lanes, expected from 1 to " << maxUnrolled;
  return success();
}

LogicalResult CpuAttentionAttr::verifyKernel(KernelOp &kernel) const {
  return verifyIsFor<AttentionOp>(kernel, "C2");
}

LogicalResult CpuPoolAttr::verifyKernel(KernelOp &kernel) const {
  return verifyIsFor<PoolOp>(kernel, "C1");
}

LogicalResult CpuAnglesAttr::verifyKernel(KernelOp &kernel) const {
  return verifyIsFor<RopeAnglesOp>(kernel, "C1");
}
