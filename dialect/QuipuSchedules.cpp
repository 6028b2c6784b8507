//===- QuipuSchedules.cpp - How kernels run -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/KernelShape.h"
#include "dialect/Quipu.h"
#include "dialect/Targets.h"
#include "weights/WeightLayout.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuScheduleInterfaces.cpp.inc"

/// More unrolls loops to no end.
static constexpr int64_t maxUnrolled = 64;

static bool isInRange(int64_t number) {
  return number >= 1 && number <= maxUnrolled;
}

/// That the kernel has an op of the kind.
template <typename OpT>
static LogicalResult verifyHas(KernelOp kernel, StringRef constraint) {
  if (!kernel.getOps<OpT>().empty())
    return success();
  return kernel.emitOpError("schedule ")
         << constraint << ": " << kernel.getScheduleAttr() << " is for "
         << OpT::getOperationName();
}

static bool hasHalfFloats(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<BFloat16Type, Float16Type>(type.getElementType());
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

/// C4 of CpuTilesAttr.
static LogicalResult verifyChoices(KernelOp kernel) {
  LinearOp first = *kernel.getOps<LinearOp>().begin();
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (linear.getIds() != first.getIds() ||
        linear.getOfHeads() != first.getOfHeads())
      return linear.emitOpError(
          "schedule C4: multiplies by other matrices than "
          "the first linear layer of its kernel");
  if (!first.isStack())
    return success();
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (linear.getRows() % tileRows)
      return linear.emitOpError("schedule C4: matrices of ")
             << linear.getRows()
             << " rows are no multiple of 16; build with --target=reference";
  for (Operation &op : kernel.getBody().front())
    if (isa<RopeOp, CacheWriteOp, ConcatOp>(op))
      return op.emitOpError("schedule C4: makes heads of what matrices of a "
                            "stack give");
  return success();
}

LogicalResult CpuTilesAttr::verifyKernel(KernelOp &kernel) const {
  if (failed(verifyHas<LinearOp>(kernel, "C2")))
    return failure();
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (hasHalfFloats(linear.getInput()) &&
        cast<RankedTensorType>(linear.getInput().getType()).getElementType() !=
            linear.getWeight().getType().getElementType())
      return kernel.emitOpError("schedule C3: an input in 16 bits is for a "
                                "weight in the same, not for ")
             << linear.getWeight().getType();
  return verifyChoices(kernel);
}

/// That each token's row is computed by itself.
static LogicalResult verifyHasRows(KernelOp kernel, StringRef constraint) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto fusing = dyn_cast<FusionInterface>(op);
    FusionRole role = fusing ? fusing.getFusionRole() : FusionRole::Whole;
    if (role == FusionRole::Contraction || role == FusionRole::Whole)
      return kernel.emitOpError("schedule ")
             << constraint << ": " << kernel.getScheduleAttr()
             << " is for a kernel without " << op.getName();
  }
  return success();
}

LogicalResult CpuRowsAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHasRows(kernel, "C1");
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
  if (failed(verifyHas<AttentionOp>(kernel, "C2")))
    return failure();
  if (!kernel.getOps<QuantizeOp>().empty())
    return kernel.emitOpError("schedule C2: what attention computes is rounded "
                              "by a kernel of its own on a CPU");
  return success();
}

LogicalResult CpuPoolAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<PoolOp>(kernel, "C1");
}

LogicalResult CpuAnglesAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<RopeAnglesOp>(kernel, "C1");
}

LogicalResult CpuTopKAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<TopKOp>(kernel, "C1");
}

//===----------------------------------------------------------------------===//
// On a GPU
//===----------------------------------------------------------------------===//

LogicalResult GpuRowsAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHasRows(kernel, "C1");
}

LogicalResult GpuDotsAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<LinearOp>(kernel, "C1");
}

LogicalResult GpuGemvAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t blocks, int64_t slots) {
  if (blocks < 1 || blocks > 1024 || slots < 0 || slots > 64 || slots % 2)
    return emitError()
           << "C1: " << blocks << " blocks with " << slots
           << " slots, expected 1 to 1024 blocks and an even number "
              "of slots up to 64";
  return success();
}

/// C3 of GpuGemvAttr and GpuGemmAttr.
static LogicalResult verifyHasNoStack(KernelOp kernel) {
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (linear.isStack())
      return linear.emitOpError("schedule C3: ")
             << kernel.getScheduleAttr() << " is for no stack of matrices";
  return success();
}

LogicalResult GpuGemvAttr::verifyKernel(KernelOp &kernel) const {
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (auto input = dyn_cast<RankedTensorType>(linear.getInput().getType());
        !input || input.getDimSize(0) > maxGemvTokens)
      return kernel.emitOpError("schedule C2: ")
             << *this << " is for " << maxGemvTokens << " tokens at most";
  return failure(failed(verifyHas<LinearOp>(kernel, "C2")) ||
                 failed(verifyHasNoStack(kernel)));
}

LogicalResult GpuGemmAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t tokens, int64_t stages) {
  if ((tokens != 64 && tokens != 128) || stages < 2 || stages > 8)
    return emitError() << "C1: a tile of " << tokens << " tokens with "
                       << stages
                       << " stages, expected 64 or 128 tokens and 2 to 8 "
                          "stages";
  return success();
}

LogicalResult GpuGemmAttr::verifyKernel(KernelOp &kernel) const {
  for (LinearOp linear : kernel.getOps<LinearOp>())
    if (auto input = dyn_cast<RankedTensorType>(linear.getInput().getType());
        !input || input.getDimSize(0) <= maxGemvTokens)
      return kernel.emitOpError("schedule C2: ")
             << *this << " is for more than " << maxGemvTokens << " tokens";
  return failure(failed(verifyHas<LinearOp>(kernel, "C2")) ||
                 failed(verifyHasNoStack(kernel)));
}

LogicalResult
GpuExpertsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t choices) {
  if (choices != 16 && choices != 64)
    return emitError() << "C1: " << choices
                       << " choices at a time, expected 16 or 64";
  return success();
}

LogicalResult GpuExpertsAttr::verifyKernel(KernelOp &kernel) const {
  if (!fitsGpuExperts(kernel))
    return kernel.emitOpError("schedule C2: ")
           << *this
           << " is for one or two linear layers of stacks, of as many rows and "
              "with the same input in f16";
  if (getKernelTokens(kernel) > maxExpertTokens)
    return kernel.emitOpError("schedule C3: ")
           << *this << " is for " << maxExpertTokens << " tokens at most";
  return success();
}

LogicalResult GpuTopKAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<TopKOp>(kernel, "C1");
}

LogicalResult GpuAttentionAttr::verifyKernel(KernelOp &kernel) const {
  if (failed(verifyHas<AttentionOp>(kernel, "C1")))
    return failure();
  Type element =
      cast<RankedTensorType>(kernel.getResultTypes().front()).getElementType();
  if (!element.isF32() && !element.isF16())
    return kernel.emitOpError("schedule C2: attention has results in ")
           << element << ", expected f32 or f16";
  return success();
}

LogicalResult GpuPoolAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<PoolOp>(kernel, "C1");
}

LogicalResult GpuAnglesAttr::verifyKernel(KernelOp &kernel) const {
  return verifyHas<RopeAnglesOp>(kernel, "C1");
}
