//===- LowerAttention.cpp - A kernel of attention -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An item is one block of tokens and one group of query heads, all those of a
// head of the cache or, where these are many, a part; item u is block u %
// blocks of group u / blocks, so that neighbours read the same keys. Many items
// are dealt out to the workers, each of which computes all splits of its items.
// When there are few, as in decoding, the splits of each item are dealt out,
// and after a barrier the items for their results.
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "compiler/codegen/cpu/lower/HalideCall.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
class AttentionLowering : public KernelLowering {
public:
  AttentionLowering(KernelOp kernel, CpuAttentionAttr schedule);

  FailureOr<std::vector<HalideJob>> getJobs() final;

private:
  /// Halide's functions for blocks of one size.
  struct Functions {
    AttentionShape shape;
    std::string split, combine;
  };
  struct WorkItem {
    Value number, group, firstToken, count;
    Value head;                  // of the cache
    Value end;                   // of the first token's positions
    Value firstSplit, lastSplit; // that the block sees; behind the last
  };
  WorkItem getItem(Value number);
  /// Calls `body` with those of the functions that are for the item's block.
  void forSize(const WorkItem &item,
               llvm::function_ref<void(const Functions &)>);
  void computeSplits(const WorkItem &item, const Functions &functions,
                     const KernelCode &code);
  void combine(const WorkItem &item, const Functions &functions,
               const KernelCode &code);
  LogicalResult emitBody(const KernelCode &code) final;
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
  SmallVector<Functions> functions; // by rising size
  int64_t groups;                   // of a head of the cache
  StateOp state;
  Value sinks, one, tiles, tileCount, items, isSplit;
};
} // namespace

AttentionLowering::AttentionLowering(KernelOp kernel, CpuAttentionAttr schedule)
    : KernelLowering(kernel), op(getOnlyOp<AttentionOp>()) {
  AttentionShape shape = getAttentionShape(op, schedule);
  groups = cast<RankedTensorType>(op.getQuery().getType()).getDimSize(1) /
           cast<CacheType>(op.getCache().getType()).getHeads() /
           shape.queryHeads;
  for (int64_t tokens : getBlockSizes(op)) {
    shape.tokens = tokens;
    functions.push_back({shape, getAttentionName(shape, /*isSplitKernel=*/true),
                         getAttentionName(shape, /*isSplitKernel=*/false)});
  }
}

FailureOr<std::vector<HalideJob>> AttentionLowering::getJobs() {
  std::vector<HalideJob> jobs;
  for (const auto &[shape, split, combine] : functions) {
    std::string description = std::to_string(shape.sums);
    jobs.push_back(
        {kernel, split, description, [=] { return attentionSplit(shape); }});
    jobs.push_back({kernel, combine, description,
                    [=] { return attentionCombine(shape); }});
  }
  return jobs;
}

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
  Value tile = arith::RemSIOp::create(builder, number, tileCount);
  item.group = arith::DivSIOp::create(builder, number, tileCount);
  item.head = arith::DivSIOp::create(builder, item.group,
                                     abi.getInt32(int32_t(groups)));
  item.firstToken = load(tiles, tile, sizeof(abi::QueryTile));
  item.count = load(tiles, tile, sizeof(abi::QueryTile),
                    offsetof(abi::QueryTile, count));
  const AttentionShape &shape = functions[0].shape;
  // Positions that the first token sees end here, those of the last token at
  // `last`.
  auto loadOf = [&](size_t field) {
    return load(abi.loadPointer(args, field), item.firstToken, sizeof(int32_t));
  };
  Value last;
  if (shape.isFull) {
    last = item.end = loadOf(offsetof(abi::StepArgs, ends));
  } else {
    item.end = add(loadOf(offsetof(abi::StepArgs, positions)), one);
    last = add(add(item.end, item.count), abi.getInt32(-1));
  }
  Value splitSize = abi.getInt32(abi::pagePositions);
  item.firstSplit = abi.getInt32(0);
  if (int64_t window = shape.window) {
    Value begin =
        arith::SubIOp::create(builder, item.end, abi.getInt32(int32_t(window)));
    begin = arith::MaxSIOp::create(builder, begin, abi.getInt32(0));
    item.firstSplit = arith::DivSIOp::create(builder, begin, splitSize);
  }
  Value beyond = add(last, abi.getInt32(-1));
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
  auto tensor = cast<RankedTensorType>(type);
  Value row = getBytes(rows, item.firstToken, getRowBytes(tensor));
  return getBytes(row, item.group,
                  functions[0].shape.queryHeads * tensor.getDimSize(2) *
                      sizeof(float));
}

Value AttentionLowering::getPartials(const WorkItem &item) {
  Value place = arith::SelectOp::create(builder, isSplit, item.number, worker);
  Value splits = abi.loadInt32(args, offsetof(abi::StepArgs, maxSplits));
  Value index =
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(splits));
  return abi.addBytes(
      abi.loadPointer(args, offsetof(abi::StepArgs, partials)),
      LLVM::MulOp::create(builder, index,
                          abi.getInt64(functions.back().shape.partialBytes())));
}

void AttentionLowering::computeSplits(const WorkItem &item,
                                      const Functions &functions,
                                      const KernelCode &code) {
  OpBuilder::InsertionGuard guard(builder);
  const AttentionShape &shape = functions.shape;
  const abi::KvLayout &layout = shape.cache;
  Value slot = load(abi.loadPointer(args, offsetof(abi::StepArgs, sequences)),
                    item.firstToken, sizeof(int32_t));
  Value pool = abi.getPool(args, state);
  Value pages = abi.getLayerPages(args, layer, state, layout.type);
  Value table = getBytes(
      abi.loadPointer(pool, offsetof(abi::PagePool, table)),
      multiply(slot, abi.loadInt32(pool, offsetof(abi::PagePool, tablePages))),
      sizeof(int32_t));
  Type rows = op.getQuery().getType();
  Value query = getRows(getOperand(op.getQuery()), rows, item);
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
  int64_t pageBytes = abi::getPageBytes(layout.type, getPageNumbers(state));
  Value page = getBytes(pages, load(table, split, sizeof(int32_t)), pageBytes);
  Value keys = getBytes(page, item.head, layout.headBytes(layout.keyDim));
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(query);
  call.addBuffer(keys);
  if (layout.type == abi::CacheType::Q8_0)
    call.addBuffer(abi.addBytes(keys, layout.scalesOffset(layout.keyDim)));
  if (!layout.valuesInKeys) {
    Value values = getBytes(abi.addBytes(page, layout.valuesOffset()),
                            item.head, layout.headBytes(layout.valueDim));
    call.addBuffer(values);
    if (layout.type == abi::CacheType::Q8_0)
      call.addBuffer(
          abi.addBytes(values, layout.scalesOffset(layout.valueDim)));
  }
  call.addScalar(from);
  call.addScalar(item.end);
  call.addScalar(item.count);
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(
      getBytes(partials, arith::SubIOp::create(builder, split, item.firstSplit),
               shape.partialBytes()));
  call.emit(functions.split, code.getBitcode(functions.split));
}

void AttentionLowering::combine(const WorkItem &item,
                                const Functions &functions,
                                const KernelCode &code) {
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(getPartials(item));
  if (sinks)
    call.addBuffer(getBytes(sinks, item.group,
                            functions.shape.queryHeads * sizeof(float)));
  call.addScalar(
      arith::SubIOp::create(builder, item.lastSplit, item.firstSplit));
  call.addScalar(item.count);
  Type rows = op.getResult().getType();
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(getRows(getResult(0), rows, item));
  call.emit(functions.combine, code.getBitcode(functions.combine));
}

LogicalResult AttentionLowering::emitBody(const KernelCode &code) {
  FailureOr<StateOp> found = getState();
  if (failed(found))
    return failure();
  state = *found;
  if (op.getSinks())
    sinks = getWeight(op.getSinks()->getSymbol());
  one = abi.getInt32(1);
  tiles = abi.loadPointer(args, offsetof(abi::StepArgs, queryTiles));
  tileCount = abi.loadInt32(args, offsetof(abi::StepArgs, queryTileCount));
  auto cache = cast<CacheType>(op.getCache().getType());
  items = multiply(tileCount, abi.getInt32(int32_t(cache.getHeads() * groups)));
  isSplit = arith::CmpIOp::create(
      builder, arith::CmpIPredicate::slt, items,
      multiply(workers, abi.getInt32(abi::splitThreshold)));

  Value first =
      arith::SelectOp::create(builder, isSplit, abi.getInt32(0), worker);
  Value step = arith::SelectOp::create(builder, isSplit, one, workers);
  forItems(first, step, [&](const WorkItem &item) {
    forSize(item, [&](const Functions &sized) {
      computeSplits(item, sized, code);
      auto whole = scf::IfOp::create(builder, isSplit, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(whole.elseBlock());
      combine(item, sized, code);
    });
  });
  auto wait = scf::IfOp::create(builder, isSplit, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(wait.thenBlock());
  abi.call<decltype(quipu_barrier)>(
      "quipu_barrier", abi.loadPointer(args, offsetof(abi::StepArgs, barrier)));
  forItems(worker, workers, [&](const WorkItem &item) {
    forSize(item, [&](const Functions &sized) { combine(item, sized, code); });
  });
  return success();
}

std::unique_ptr<KernelLowering>
cpu::createAttentionLowering(KernelOp kernel, CpuAttentionAttr schedule) {
  return std::make_unique<AttentionLowering>(kernel, schedule);
}
