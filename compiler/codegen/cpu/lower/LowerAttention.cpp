//===- LowerAttention.cpp - A kernel of attention -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A item is one block of tokens and one head of the cache; item u is block
// u % blocks of head u / blocks, so that neighbours read the same keys. Many
// items are dealt out to the workers, each of which computes all splits of its
// items. When there are few, as in decoding, the splits of each item are dealt
// out, and after a barrier the items for their results.
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "compiler/codegen/cpu/lower/HalideCall.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
class AttentionLowering {
public:
  AttentionLowering(AttentionOp op, ImplicitLocOpBuilder &builder,
                    AbiBuilder &abi, Block *entry)
      : op(op), builder(builder), abi(abi), entry(entry),
        args(entry->getArgument(0)), worker(entry->getArgument(2)),
        workers(entry->getArgument(3)) {}

  /// Halide's functions for blocks of one size.
  struct Functions {
    AttentionShape shape;
    std::string split, combine, splitKey, combineKey;
  };
  void run(ArrayRef<Functions> functions, Value keys, Value values,
           Value sinks);

private:
  struct WorkItem {
    Value number, head, firstToken, count;
    Value end;                   // of the first token's positions
    Value firstSplit, lastSplit; // that the block sees; behind the last
  };
  WorkItem getItem(Value number);
  /// Calls `body` with those of the functions that are for the item's block.
  void forSize(const WorkItem &item,
               llvm::function_ref<void(const Functions &)>);
  void computeSplits(const WorkItem &item, const Functions &functions);
  void combine(const WorkItem &item, const Functions &functions);
  void forItems(Value first, Value step,
                llvm::function_ref<void(const WorkItem &)> body);

  Value add(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
  Value multiply(Value a, Value b) {
    return arith::MulIOp::create(builder, a, b);
  }
  Value getBytes(Value pointer, Value count, int64_t bytes) {
    return abi.addBytes(pointer, LLVM::MulOp::create(builder, abi.extend(count),
                                                     abi.getInt64(bytes)));
  }
  Value load(Value pointer, Value index, int64_t bytes, int64_t offset = 0) {
    return LLVM::LoadOp::create(
        builder, builder.getI32Type(),
        abi.addBytes(getBytes(pointer, index, bytes), offset));
  }
  /// The item's first row of the kernel's operand or result.
  Value getRows(Value rows, Type type, const WorkItem &item);
  Value getPartials(const WorkItem &item);
  AttentionOp op;
  ImplicitLocOpBuilder &builder;
  AbiBuilder &abi;
  Block *entry;
  Value args, worker, workers;
  ArrayRef<Functions> functions;
  Value keys, values, sinks, one, blocks, blockCount, context, items, isSplit;
};
} // namespace

void AttentionLowering::forItems(
    Value first, Value step, llvm::function_ref<void(const WorkItem &)> body) {
  OpBuilder::InsertionGuard guard(builder);
  auto loop = scf::ForOp::create(builder, first, items, step);
  builder.setInsertionPointToStart(loop.getBody());
  body(getItem(loop.getInductionVar()));
}

AttentionLowering::WorkItem AttentionLowering::getItem(Value number) {
  WorkItem item;
  item.number = number;
  Value block = arith::RemSIOp::create(builder, number, blockCount);
  item.head = arith::DivSIOp::create(builder, number, blockCount);
  item.firstToken = load(blocks, block, sizeof(abi::QueryTile));
  item.count = load(blocks, block, sizeof(abi::QueryTile),
                    offsetof(abi::QueryTile, count));
  Value position =
      load(abi.loadPointer(args, offsetof(abi::StepArgs, positions)),
           item.firstToken, sizeof(int32_t));
  item.end = add(position, one);
  Value splitSize = abi.getInt32(abi::pagePositions);
  item.firstSplit = abi.getInt32(0);
  if (int64_t window = functions[0].shape.window) {
    Value begin =
        arith::SubIOp::create(builder, item.end, abi.getInt32(int32_t(window)));
    begin = arith::MaxSIOp::create(builder, begin, abi.getInt32(0));
    item.firstSplit = arith::DivSIOp::create(builder, begin, splitSize);
  }
  // The last token's position is item.end + count - 2.
  Value beyond = add(add(position, item.count), abi.getInt32(-1));
  item.lastSplit = add(arith::DivSIOp::create(builder, beyond, splitSize), one);
  return item;
}

void AttentionLowering::forSize(
    const WorkItem &item, llvm::function_ref<void(const Functions &)> body) {
  if (functions.size() == 1)
    return body(functions[0]);
  OpBuilder::InsertionGuard guard(builder);
  Value alone =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, item.count, one);
  auto size = scf::IfOp::create(builder, alone, /*withElseRegion=*/true);
  builder.setInsertionPointToStart(size.thenBlock());
  body(functions[0]);
  builder.setInsertionPointToStart(size.elseBlock());
  body(functions[1]);
}

Value AttentionLowering::getRows(Value rows, Type type, const WorkItem &item) {
  const AttentionShape &shape = functions[0].shape;
  Value row = getBytes(rows, item.firstToken,
                       getRowBytes(cast<RankedTensorType>(type)));
  return getBytes(row, item.head,
                  shape.queryHeads * shape.headDim * sizeof(float));
}

Value AttentionLowering::getPartials(const WorkItem &item) {
  Value place = arith::SelectOp::create(builder, isSplit, item.number, worker);
  Value splitSize = abi.getInt32(abi::pagePositions);
  Value splits = arith::CeilDivSIOp::create(builder, context, splitSize);
  Value index =
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(splits));
  return abi.addBytes(
      abi.loadPointer(args, offsetof(abi::StepArgs, partials)),
      LLVM::MulOp::create(builder, index,
                          abi.getInt64(functions.back().shape.partialBytes())));
}

void AttentionLowering::computeSplits(const WorkItem &item,
                                      const Functions &functions) {
  OpBuilder::InsertionGuard guard(builder);
  const AttentionShape &shape = functions.shape;
  auto cache = cast<CacheType>(op.getCache().getType());
  Value slot = load(abi.loadPointer(args, offsetof(abi::StepArgs, sequences)),
                    item.firstToken, sizeof(int32_t));
  Value place =
      add(multiply(slot, abi.getInt32(int32_t(cache.getHeads()))), item.head);
  Value positions =
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(context));
  Type rows = op.getQuery().getType();
  Value query = getRows(entry->getArgument(4), rows, item);
  Value partials = getPartials(item);
  Value zero = abi.getInt32(0);
  // Units take turns in who has the first split.
  Value turn =
      arith::RemSIOp::create(builder, add(worker, item.number), workers);
  Value first = add(item.firstSplit,
                    arith::SelectOp::create(builder, isSplit, turn, zero));
  Value step = arith::SelectOp::create(builder, isSplit, workers, one);
  auto splits = scf::ForOp::create(builder, first, item.lastSplit, step);
  builder.setInsertionPointToStart(splits.getBody());
  Value split = splits.getInductionVar();
  Value from = multiply(split, abi.getInt32(abi::pagePositions));
  int64_t format = abi::getFormat(shape.cache).bytes;
  // Bytes of 16 positions.
  Value offset = LLVM::MulOp::create(
      builder,
      LLVM::SDivOp::create(
          builder, LLVM::AddOp::create(builder, positions, abi.extend(from)),
          abi.getInt64(abi::cachePositions)),
      abi.getInt64(shape.headDim * format));
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(query);
  SmallVector<Value> halves{abi.addBytes(keys, offset),
                            abi.addBytes(values, offset)};
  for (Value half : halves)
    call.addBuffer(half);
  if (shape.cache == abi::CacheType::Q8_0)
    for (Value half : halves)
      call.addBuffer(abi.addBytes(half, abi::cachePositions * shape.headDim));
  call.addScalar(from);
  call.addScalar(item.end);
  call.addScalar(item.count);
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(
      getBytes(partials, arith::SubIOp::create(builder, split, item.firstSplit),
               shape.partialBytes()));
  call.emit(functions.split, functions.splitKey);
}

void AttentionLowering::combine(const WorkItem &item,
                                const Functions &functions) {
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(getPartials(item));
  if (sinks)
    call.addBuffer(
        getBytes(sinks, item.head, functions.shape.queryHeads * sizeof(float)));
  call.addScalar(
      arith::SubIOp::create(builder, item.lastSplit, item.firstSplit));
  call.addScalar(item.count);
  Type rows = op.getResult().getType();
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(getRows(entry->getArgument(5), rows, item));
  call.emit(functions.combine, functions.combineKey);
}

void AttentionLowering::run(ArrayRef<Functions> sizes, Value keys, Value values,
                            Value sinks) {
  functions = sizes;
  this->keys = keys;
  this->values = values;
  this->sinks = sinks;
  one = abi.getInt32(1);
  blocks = abi.loadPointer(args, offsetof(abi::StepArgs, blocks));
  blockCount = abi.loadInt32(args, offsetof(abi::StepArgs, blockCount));
  context = abi.loadInt32(args, offsetof(abi::StepArgs, context));
  auto cache = cast<CacheType>(op.getCache().getType());
  items = multiply(blockCount, abi.getInt32(int32_t(cache.getHeads())));
  isSplit = arith::CmpIOp::create(
      builder, arith::CmpIPredicate::slt, items,
      multiply(workers, abi.getInt32(abi::splitThreshold)));

  Value first =
      arith::SelectOp::create(builder, isSplit, abi.getInt32(0), worker);
  Value step = arith::SelectOp::create(builder, isSplit, one, workers);
  forItems(first, step, [&](const WorkItem &item) {
    forSize(item, [&](const Functions &sized) {
      computeSplits(item, sized);
      auto whole = scf::IfOp::create(builder, isSplit, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(whole.elseBlock());
      combine(item, sized);
    });
  });
  auto wait = scf::IfOp::create(builder, isSplit, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(wait.thenBlock());
  abi.call<decltype(quipu_barrier)>(
      "quipu_barrier", abi.loadPointer(args, offsetof(abi::StepArgs, barrier)));
  forItems(worker, workers, [&](const WorkItem &item) {
    forSize(item, [&](const Functions &sized) { combine(item, sized); });
  });
}

LogicalResult KernelLowering::lowerAttention(AttentionOp op) {
  AttentionShape shape = getAttentionShape(op, cpu);
  if (shape.headDim % tileRows)
    return op.emitError("heads of ")
           << shape.headDim
           << " components are no multiple of 16; build with "
              "--target=reference";
  SmallVector<AttentionLowering::Functions> functions;
  for (int64_t tokens : getBlockSizes(op)) {
    shape.tokens = tokens;
    AttentionKernel split = attentionSplit(shape);
    AttentionKernel combine = attentionCombine(shape);
    auto splitKey = compileShared(split, shape);
    auto combineKey = compileShared(combine, shape);
    if (failed(splitKey) || failed(combineKey))
      return failure();
    functions.push_back(
        {shape, split.name, combine.name, *splitKey, *combineKey});
  }
  CacheType cache = getCacheType();
  AttentionLowering(op, builder, abi, entry)
      .run(functions, getCache(cache, /*values=*/false),
           getCache(cache, /*values=*/true),
           op.getSinks() ? getWeight(op.getSinks()->getName()) : Value());
  return success();
}
