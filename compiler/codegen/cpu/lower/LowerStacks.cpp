//===- LowerStacks.cpp - Kernels by tiles of a stack's matrices
//------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// With a matrix for each head, each is a call for the head's rows of all
// tokens. Of one token, each matrix that it has chosen is a call for its row.
// Of several tokens the choices are sorted by matrix, and a call computes some
// units of a matrix for all that have chosen it: each choice has its row of the
// result, and the bits that it would have alone. Every worker sorts for itself,
// which takes less than a barrier would.
//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/TranslatedLowering.h"
#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

/// Sorted choices lie on a worker's stack, so many of them at most.
static constexpr int64_t maxChoices = 1 << 16;

namespace {
class StackLowering : public TranslatedLowering {
public:
  using TranslatedLowering::TranslatedLowering;

private:
  LogicalResult emitBody(const KernelCode &code) final;
  /// The matrices that one token has chosen or, without ids, those of heads.
  void emitInTurn(const KernelCode &code, Value ids);
  void emitSorted(const KernelCode &code, Value ids, int64_t experts);
  /// Computes `part` from unit `begin` to before `end`, if there are any.
  void emitUnits(const KernelCode &code, Part part, Value begin, Value end);
  /// A loop over `count` numbers, an i64.
  Value loop(int64_t count);
  /// Number `index` (i64) of an array of i32.
  Value load(Value array, Value index);
  Value allocate(int64_t count);
};
} // namespace

Value StackLowering::loop(int64_t count) {
  auto made = scf::ForOp::create(builder, abi.getInt64(0), abi.getInt64(count),
                                 abi.getInt64(1));
  builder.setInsertionPointToStart(made.getBody());
  return made.getInductionVar();
}

Value StackLowering::load(Value array, Value index) {
  Type i32 = builder.getI32Type();
  return LLVM::LoadOp::create(
      builder, i32,
      LLVM::GEPOp::create(builder, abi.getPointerType(), i32, array, index));
}

Value StackLowering::allocate(int64_t count) {
  return LLVM::AllocaOp::create(builder, abi.getPointerType(),
                                builder.getI32Type(), abi.getInt64(count),
                                lineBytes);
}

void StackLowering::emitUnits(const KernelCode &code, Part part, Value begin,
                              Value end) {
  Value any =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, begin, end);
  auto guard = scf::IfOp::create(builder, any, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(guard.thenBlock());
  part.units = getUnits(begin, end);
  emitCall(code, part);
}

void StackLowering::emitInTurn(const KernelCode &code, Value ids) {
  int64_t units = countUnits();
  auto [begin, end] = abi.getWorkerRange(abi.getInt32(int32_t(chosen * units)),
                                         worker, workers);
  Value choice = loop(chosen);
  Value first = arith::MulIOp::create(builder, choice, abi.getInt64(units));
  auto clamp = [&](Value unit) -> Value {
    Value here = arith::SubIOp::create(builder, unit, first);
    here = arith::MaxSIOp::create(builder, here, abi.getInt64(0));
    return arith::MinSIOp::create(builder, here, abi.getInt64(units));
  };
  Part part;
  part.row = LLVM::TruncOp::create(builder, builder.getI32Type(), choice);
  part.matrix = ids ? abi.extend(load(ids, choice)) : choice;
  if (!ids)
    part.count = abi.getCount(args, kernel.getSelected());
  emitUnits(code, part, clamp(begin), clamp(end));
}

/// The work is one line, an expert after the other, of each its units, of each
/// unit its groups of choices. A worker computes the units that begin in its
/// part of the line.
void StackLowering::emitSorted(const KernelCode &code, Value ids,
                               int64_t experts) {
  int64_t units = countUnits(), choices = getKernelTokens(kernel) * chosen;
  auto schedule = cast<CpuTilesAttr>(kernel.getScheduleAttr());
  Value order = allocate(choices + schedule.getTokens());
  Value first = allocate(experts + 1), tiles = allocate(experts + 1);
  auto linear = *kernel.getOps<LinearOp>().begin();
  int64_t stride =
      getRowBytes(cast<RankedTensorType>(linear.getIds().getType())) /
      int64_t(sizeof(int32_t));
  auto number = [&](int64_t value) { return abi.getInt32(int32_t(value)); };
  abi.call<decltype(quipu_sort_choices)>(
      "quipu_sort_choices",
      {ids, number(stride), abi.getCount(args, kernel.getSelected()),
       number(chosen), number(experts), number(schedule.getTokens()),
       number(schedule.getTokens()), order, first, tiles});
  Value all = LLVM::MulOp::create(builder, load(tiles, abi.getInt64(experts)),
                                  number(units));
  auto [begin, end] = abi.getWorkerRange(all, worker, workers);
  Value expert = loop(experts);
  Value next = arith::AddIOp::create(builder, expert, abi.getInt64(1));
  Value from = load(first, expert), before = load(tiles, expert);
  Value count = arith::SubIOp::create(builder, load(first, next), from);
  Value groups =
      abi.extend(arith::SubIOp::create(builder, load(tiles, next), before));
  Value place =
      arith::MulIOp::create(builder, abi.extend(before), abi.getInt64(units));
  Value any = arith::CmpIOp::create(builder, arith::CmpIPredicate::sgt, count,
                                    abi.getInt32(0));
  auto guard = scf::IfOp::create(builder, any, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(guard.thenBlock());
  // To the next unit that begins.
  Value beyond = arith::SubIOp::create(builder, groups, abi.getInt64(1));
  auto clamp = [&](Value at) -> Value {
    Value here = arith::SubIOp::create(builder, at, place);
    here = arith::MaxSIOp::create(builder, here, abi.getInt64(0));
    here = arith::AddIOp::create(builder, here, beyond);
    here = arith::DivSIOp::create(builder, here, groups);
    return arith::MinSIOp::create(builder, here, abi.getInt64(units));
  };
  Part part;
  part.row = abi.getInt32(0);
  part.count = count;
  part.matrix = expert;
  part.choices = getRow(order, from, sizeof(int32_t));
  emitUnits(code, part, clamp(begin), clamp(end));
}

LogicalResult StackLowering::emitBody(const KernelCode &code) {
  auto linear = *kernel.getOps<LinearOp>().begin();
  if (linear.getOfHeads()) {
    emitInTurn(code, /*ids=*/Value());
    return success();
  }
  auto ids = dyn_cast<BlockArgument>(linear.getIds());
  if (!ids)
    return linear.emitOpError("takes ids that its kernel computes; they come "
                              "from the kernel of a top_k");
  int64_t tokens = getKernelTokens(kernel);
  int64_t experts = linear.getWeight().getType().getDimSize(0);
  if (tokens > maxChoices / chosen || experts > maxChoices)
    return linear.emitOpError("has more than ")
           << maxChoices << " choices, or experts, in a step";
  if (tokens == 1)
    emitInTurn(code, getOperand(ids));
  else
    emitSorted(code, getOperand(ids), experts);
  return success();
}

std::unique_ptr<KernelLowering> cpu::createStackLowering(KernelOp kernel,
                                                         CpuAttr cpu) {
  return std::make_unique<StackLowering>(kernel, cpu);
}
