//===- LowerAttention.cpp - Attention on a GPU ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Attention.h"
#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/host/SplitPartials.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static double getReal(Attribute number, double missing) {
  auto real = dyn_cast_or_null<FloatAttr>(number);
  return real ? real.getValueAsDouble() : missing;
}

namespace {
struct AttentionLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  FailureOr<AttentionShape> getShape(AttentionOp op) {
    CacheType cache = getCacheType();
    FailureOr<StateOp> state = getState();
    FailureOr<int64_t> pageBytes = getPageBytes();
    if (failed(state) || failed(pageBytes))
      return failure();
    abi::CacheType type = *getCacheFormat(cache.getElementType());
    auto query = cast<RankedTensorType>(op.getQuery().getType());
    auto result = cast<RankedTensorType>(kernel.getResultTypes().front());
    AttentionShape shape;
    shape.cache = {type, cache.getHeads(), cache.getKeyDim(),
                   cache.getValueDim(), cache.getValuesInKeys()};
    shape.group = query.getDimSize(1) / cache.getHeads();
    shape.isFull = op.getFull();
    shape.scale = static_cast<float>(
        getReal(op.getScaleAttr(),
                1 / std::sqrt(static_cast<double>(cache.getKeyDim()))));
    if (auto window = dyn_cast_or_null<IntegerAttr>(op.getWindowAttr()))
      shape.window = window.getInt();
    shape.softCap = static_cast<float>(getReal(op.getSoftCapAttr(), 0));
    shape.hasSinks = op.getSinks().has_value();
    shape.tokens = query.getDimSize(0);
    shape.queryRowBytes = getRowBytes(query);
    shape.result = getRows(result);
    shape.pool = *state->getPool();
    shape.pageBytes = *pageBytes;
    int64_t unit = abi::getPageBytes(type, 1);
    shape.placeBytes =
        static_cast<int64_t>(state->getOffset().value_or(0)) * unit;
    shape.layerBytes =
        static_cast<int64_t>(state->getStride().value_or(0)) * unit;
    if (shape.cache.heads * llvm::divideCeil(shape.group, 16) > maxSplitHeads)
      return op.emitOpError("has ")
             << shape.cache.heads << " heads in the cache, but a GPU takes "
             << maxSplitHeads;
    return shape;
  }

  /// Emits the kernel that `getLaunch` and `emitCode` are for.
  template <typename GetLaunch, typename EmitCode>
  LogicalResult emitForm(const AttentionShape &shape, GetLaunch getLaunch,
                         EmitCode emitCode) {
    AttentionLaunch launch = getLaunch(shape);
    auto emitBody = [&]() -> FailureOr<Launch> {
      auto op = cast<AttentionOp>(kernel.getBody().front().front());
      FailureOr<StateOp> state = getState();
      if (failed(state))
        return failure();
      AttentionArguments arguments{
          getStepArguments(), getLayerNumber(*state),
          op.getSinks() ? getWeight(op.getSinks()->getSymbol()) : Value(),
          getOperand(cast<BlockArgument>(op.getQuery())), getResult(0)};
      emitCode(b, shape, arguments);
      return Launch{{launch.grid[0], launch.grid[1], launch.grid[2]},
                    launch.sharedBytes};
    };
    return emitFunction("", launch.threads, emitBody, launch.residentBlocks);
  }

  LogicalResult emit() final {
    auto op = cast<AttentionOp>(kernel.getBody().front().front());
    FailureOr<AttentionShape> shape = getShape(op);
    if (failed(shape))
      return failure();
    bool isBlocked =
        cast<GpuAttentionAttr>(kernel.getScheduleAttr()).getBlocked();
    if (!isBlocked && shape->tokens > maxSplitTokens)
      return kernel.emitOpError("has attention of ")
             << shape->tokens << " tokens in splits, which are for "
             << maxSplitTokens << " at most";
    int64_t maxShared = maxSharedBytes(gpu);
    auto fits = [&](const AttentionLaunch &launch) {
      return shape->fitsTensorCores() && launch.sharedBytes <= maxShared;
    };
    if (!isBlocked && fits(getSplitAttention(*shape, maxShared)))
      return emitForm(
          *shape,
          [&](const AttentionShape &shape) {
            return getSplitAttention(shape, maxShared);
          },
          [&](DeviceBuilder &b, const AttentionShape &shape,
              const AttentionArguments &arguments) {
            emitSplitAttention(b, shape, arguments, maxShared);
          });
    if (isBlocked && gpu.hasWarpgroupProducts() && fitsWarpgroups(*shape))
      return emitForm(*shape, getWarpgroupAttention, emitWarpgroupAttention);
    if (isBlocked && fits(getBlockedAttention(*shape)))
      return emitForm(*shape, getBlockedAttention, emitBlockedAttention);
    return emitForm(*shape, getPlainAttention, emitPlainAttention);
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createAttentionLowering(KernelOp kernel, GpuAttr gpu,
                                    mlir::gpu::GPUModuleOp device) {
  return std::make_unique<AttentionLowering>(kernel, gpu, device);
}
