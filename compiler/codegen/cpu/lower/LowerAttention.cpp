//===- LowerAttention.cpp - A kernel of attention -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A unit is one block of tokens and one head of the cache; unit u is block
// u % blocks of head u / blocks, so that neighbours read the same keys. Many
// units are dealt out to the workers, each of which computes all pieces of its
// units. When there are few, as in decoding, the pieces of each unit are dealt
// out, and after a barrier the units for their results.
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
    std::string piece, finish, pieceKey, finishKey;
  };
  void run(ArrayRef<Functions> functions, Value keys, Value values,
           Value sinks);

private:
  struct Unit {
    Value number, head, firstToken, count;
    Value end;                   // of the first token's positions
    Value firstPiece, lastPiece; // that the block sees; behind the last
  };
  Unit getUnit(Value number);
  /// Calls `body` with those of the functions that are for the unit's block.
  void forSize(const Unit &unit, llvm::function_ref<void(const Functions &)>);
  void computePieces(const Unit &unit, const Functions &functions);
  void finish(const Unit &unit, const Functions &functions);
  void forUnits(Value first, Value step,
                llvm::function_ref<void(const Unit &)> body);

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
  /// The unit's first row of the kernel's operand or result.
  Value getRows(Value rows, Type type, const Unit &unit);
  Value getPartials(const Unit &unit);
  AttentionOp op;
  ImplicitLocOpBuilder &builder;
  AbiBuilder &abi;
  Block *entry;
  Value args, worker, workers;
  ArrayRef<Functions> functions;
  Value keys, values, sinks, one, blocks, blockCount, context, units, split;
};
} // namespace

void AttentionLowering::forUnits(Value first, Value step,
                                 llvm::function_ref<void(const Unit &)> body) {
  OpBuilder::InsertionGuard guard(builder);
  auto loop = scf::ForOp::create(builder, first, units, step);
  builder.setInsertionPointToStart(loop.getBody());
  body(getUnit(loop.getInductionVar()));
}

AttentionLowering::Unit AttentionLowering::getUnit(Value number) {
  Unit unit;
  unit.number = number;
  Value block = arith::RemSIOp::create(builder, number, blockCount);
  unit.head = arith::DivSIOp::create(builder, number, blockCount);
  unit.firstToken = load(blocks, block, sizeof(abi::TokenBlock));
  unit.count = load(blocks, block, sizeof(abi::TokenBlock),
                    offsetof(abi::TokenBlock, count));
  Value position =
      load(abi.loadPointer(args, offsetof(abi::StepArgs, positions)),
           unit.firstToken, sizeof(int32_t));
  unit.end = add(position, one);
  Value pieceSize = abi.getInt32(abi::piecePositions);
  unit.firstPiece = abi.getInt32(0);
  if (int64_t window = functions[0].shape.window) {
    Value begin =
        arith::SubIOp::create(builder, unit.end, abi.getInt32(int32_t(window)));
    begin = arith::MaxSIOp::create(builder, begin, abi.getInt32(0));
    unit.firstPiece = arith::DivSIOp::create(builder, begin, pieceSize);
  }
  // The last token's position is unit.end + count - 2.
  Value beyond = add(add(position, unit.count), abi.getInt32(-1));
  unit.lastPiece = add(arith::DivSIOp::create(builder, beyond, pieceSize), one);
  return unit;
}

void AttentionLowering::forSize(
    const Unit &unit, llvm::function_ref<void(const Functions &)> body) {
  if (functions.size() == 1)
    return body(functions[0]);
  OpBuilder::InsertionGuard guard(builder);
  Value alone =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, unit.count, one);
  auto size = scf::IfOp::create(builder, alone, /*withElseRegion=*/true);
  builder.setInsertionPointToStart(size.thenBlock());
  body(functions[0]);
  builder.setInsertionPointToStart(size.elseBlock());
  body(functions[1]);
}

Value AttentionLowering::getRows(Value rows, Type type, const Unit &unit) {
  const AttentionShape &shape = functions[0].shape;
  Value row = getBytes(rows, unit.firstToken,
                       getRowBytes(cast<RankedTensorType>(type)));
  return getBytes(row, unit.head,
                  shape.queryHeads * shape.headDim * sizeof(float));
}

Value AttentionLowering::getPartials(const Unit &unit) {
  Value place = arith::SelectOp::create(builder, split, unit.number, worker);
  Value pieceSize = abi.getInt32(abi::piecePositions);
  Value pieces = arith::CeilDivSIOp::create(builder, context, pieceSize);
  Value index =
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(pieces));
  return abi.addBytes(
      abi.loadPointer(args, offsetof(abi::StepArgs, partials)),
      LLVM::MulOp::create(builder, index,
                          abi.getInt64(functions.back().shape.partialBytes())));
}

void AttentionLowering::computePieces(const Unit &unit,
                                      const Functions &functions) {
  OpBuilder::InsertionGuard guard(builder);
  const AttentionShape &shape = functions.shape;
  auto cache = cast<CacheType>(op.getCache().getType());
  Value slot = load(abi.loadPointer(args, offsetof(abi::StepArgs, sequences)),
                    unit.firstToken, sizeof(int32_t));
  Value place =
      add(multiply(slot, abi.getInt32(int32_t(cache.getHeads()))), unit.head);
  Value positions =
      LLVM::MulOp::create(builder, abi.extend(place), abi.extend(context));
  Type rows = op.getQuery().getType();
  Value query = getRows(entry->getArgument(4), rows, unit);
  Value partials = getPartials(unit);
  Value zero = abi.getInt32(0);
  // Units take turns in who has the first piece.
  Value turn =
      arith::RemSIOp::create(builder, add(worker, unit.number), workers);
  Value first =
      add(unit.firstPiece, arith::SelectOp::create(builder, split, turn, zero));
  Value step = arith::SelectOp::create(builder, split, workers, one);
  auto pieces = scf::ForOp::create(builder, first, unit.lastPiece, step);
  builder.setInsertionPointToStart(pieces.getBody());
  Value piece = pieces.getInductionVar();
  Value from = multiply(piece, abi.getInt32(abi::piecePositions));
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
  call.addScalar(unit.end);
  call.addScalar(unit.count);
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(
      getBytes(partials, arith::SubIOp::create(builder, piece, unit.firstPiece),
               shape.partialBytes()));
  call.emit(functions.piece, functions.pieceKey);
}

void AttentionLowering::finish(const Unit &unit, const Functions &functions) {
  HalideCall call(builder, builder.getLoc(), abi, entry);
  call.addBuffer(getPartials(unit));
  if (sinks)
    call.addBuffer(
        getBytes(sinks, unit.head, functions.shape.queryHeads * sizeof(float)));
  call.addScalar(
      arith::SubIOp::create(builder, unit.lastPiece, unit.firstPiece));
  call.addScalar(unit.count);
  Type rows = op.getResult().getType();
  call.addScalar(
      abi.getInt32(getRowBytes(cast<RankedTensorType>(rows)) / sizeof(float)));
  call.addBuffer(getRows(entry->getArgument(5), rows, unit));
  call.emit(functions.finish, functions.finishKey);
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
  units = multiply(blockCount, abi.getInt32(int32_t(cache.getHeads())));
  split = arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, units,
                                multiply(workers, abi.getInt32(abi::fewUnits)));

  Value first =
      arith::SelectOp::create(builder, split, abi.getInt32(0), worker);
  Value step = arith::SelectOp::create(builder, split, one, workers);
  forUnits(first, step, [&](const Unit &unit) {
    forSize(unit, [&](const Functions &sized) {
      computePieces(unit, sized);
      auto whole = scf::IfOp::create(builder, split, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(whole.elseBlock());
      finish(unit, sized);
    });
  });
  auto wait = scf::IfOp::create(builder, split, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(wait.thenBlock());
  abi.call<decltype(quipu_barrier)>(
      "quipu_barrier", abi.loadPointer(args, offsetof(abi::StepArgs, barrier)));
  forUnits(worker, workers, [&](const Unit &unit) {
    forSize(unit, [&](const Functions &sized) { finish(unit, sized); });
  });
}

LogicalResult KernelLowering::lowerAttention(AttentionOp op) {
  AttentionShape shape = getAttentionShape(op);
  if (shape.headDim % tileRows)
    return op.emitError("heads of ")
           << shape.headDim
           << " components are no multiple of 16; build with "
              "--target=reference";
  SmallVector<AttentionLowering::Functions> functions;
  for (int64_t tokens : getBlockSizes(op)) {
    shape.tokens = tokens;
    AttentionKernel piece = attentionPiece(shape);
    AttentionKernel finish = attentionFinish(shape);
    auto pieceKey = compileShared(piece, shape);
    auto finishKey = compileShared(finish, shape);
    if (failed(pieceKey) || failed(finishKey))
      return failure();
    functions.push_back(
        {shape, piece.name, finish.name, *pieceKey, *finishKey});
  }
  CacheType cache = getCacheType();
  AttentionLowering(op, builder, abi, entry)
      .run(functions, getCache(cache, /*values=*/false),
           getCache(cache, /*values=*/true),
           op.getSinks() ? getWeight(op.getSinks()->getName()) : Value());
  return success();
}
