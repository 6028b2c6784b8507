//===- LowerAttention.cpp - A kernel of attention -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "runtime/Abi.h"

#include "compiler/codegen/cpu/HalideCall.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

/// A unit of work is one token and one head of the cache. Unit u is token
/// u % count of head u / count, and goes to worker u % workers: neighbours read
/// the same keys, and the long and the short ones are dealt out evenly.
LogicalResult KernelLowering::lowerAttention(AttentionOp op) {
  CacheType cacheType = getCacheType();
  AttentionShape shape = getAttentionShape(op);
  int64_t heads = cacheType.getHeads(), dim = shape.headDim;
  if (dim % tileRows)
    return op.emitError("heads of ")
           << dim
           << " components are no multiple of 16; build with "
              "--target=reference";
  auto getKey = [&](const AttentionKernel &part, StringRef suffix) {
    return compile((kernel.getSymName() + suffix).str(), part.arguments,
                   part.pipeline);
  };
  auto pieceKey = getKey(attentionPiece(shape), ".piece.halide");
  auto mergeKey = getKey(attentionMerge(shape), ".merge.halide");
  auto finishKey = getKey(attentionFinish(shape), ".finish.halide");
  if (failed(pieceKey) || failed(mergeKey) || failed(finishKey))
    return failure();
  std::string name = kernel.getSymName().str();

  auto bytesOf = [](Type type) {
    return getRowBytes(cast<RankedTensorType>(type));
  };
  Value one = abi.getInt32(1), block = abi.getInt32(attentionBlock);
  Value count = abi.getCount(args, kernel.getWanted());
  Value context = abi.loadInt32(args, offsetof(abi::StepArgs, context));
  Value keys = getCache(cacheType, /*values=*/false);
  Value values = getCache(cacheType, /*values=*/true);
  int64_t pieceBytes = shape.queryHeads * shape.partialStride() * sizeof(float);
  // The partial result so far, and behind it that of one more piece.
  Value sofar =
      LLVM::AllocaOp::create(builder, abi.getPointerType(), builder.getI8Type(),
                             abi.getInt32(2 * pieceBytes), 64);

  Value total = arith::MulIOp::create(builder, count, abi.getInt32(heads));
  auto units = scf::ForOp::create(builder, worker, total, workers);
  builder.setInsertionPointToStart(units.getBody());
  Value unit = units.getInductionVar();
  Value token = arith::RemSIOp::create(builder, unit, count);
  Value head = arith::DivSIOp::create(builder, unit, count);
  Value position = load(offsetof(abi::StepArgs, positions), token);
  Value slot = load(offsetof(abi::StepArgs, sequences), token);
  Value end = arith::AddIOp::create(builder, position, one);
  Value begin = abi.getInt32(0);
  if (auto window = dyn_cast_or_null<IntegerAttr>(op.getWindowAttr()))
    begin = arith::MaxSIOp::create(
        builder, begin,
        arith::SubIOp::create(
            builder, end,
            abi.getInt32(std::min<int64_t>(window.getInt(), INT32_MAX))));

  // Keys and values of one slot and head have the same size.
  Value place = arith::AddIOp::create(
      builder, arith::MulIOp::create(builder, slot, abi.getInt32(heads)), head);
  int64_t positionBytes =
      dim * cacheType.getElementType().getIntOrFloatBitWidth() / 8;
  Value offset = LLVM::MulOp::create(
      builder,
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(context)),
      abi.getInt64(positionBytes));
  Value headKeys = abi.addBytes(keys, offset);
  Value headValues = abi.addBytes(values, offset);
  int64_t groupBytes = shape.queryHeads * dim * sizeof(float);
  auto getGroup = [&](Value rows, Type type) {
    return getRow(getRow(rows, token, bytesOf(type)), head, groupBytes);
  };
  Value query = getGroup(getOperand(0), kernel.getArgumentTypes()[0]);
  Value result = getGroup(getResult(0), kernel.getResultTypes()[0]);

  Value first = arith::DivSIOp::create(builder, begin, block);
  Value last = arith::AddIOp::create(
      builder, arith::DivSIOp::create(builder, position, block), one);
  auto pieces = scf::ForOp::create(builder, first, last, one);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(pieces.getBody());
    Value index = pieces.getInductionVar();
    Value from = arith::MulIOp::create(builder, index, block);
    Value to = arith::AddIOp::create(builder, from, block);
    HalideCall call(builder, builder.getLoc(), abi, entry);
    call.addBuffer(query);
    call.addBuffer(headKeys);
    call.addBuffer(headValues);
    call.addScalar(arith::MaxSIOp::create(builder, begin, from));
    call.addScalar(arith::MinSIOp::create(builder, end, to));
    Value isFirst =
        arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, index, first);
    call.addBuffer(arith::SelectOp::create(builder, isFirst, sofar,
                                           abi.addBytes(sofar, pieceBytes)));
    call.emit(name + ".piece.halide", *pieceKey);
    auto more = scf::IfOp::create(builder, isFirst, /*withElseRegion=*/true);
    builder.setInsertionPointToStart(more.elseBlock());
    HalideCall merge(builder, builder.getLoc(), abi, entry);
    merge.addBuffer(sofar);
    merge.addBuffer(sofar);
    merge.emit(name + ".merge.halide", *mergeKey);
  }
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(sofar);
  if (op.getSinks())
    call.addBuffer(getRow(getWeight(op.getSinks()->getName()), head,
                          shape.queryHeads * sizeof(float)));
  call.addBuffer(result);
  call.emit(name + ".finish.halide", *finishKey);
  return success();
}
