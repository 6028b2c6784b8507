//===- LowerTiles.cpp - Kernels by tiles, and row by row ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/TranslatedLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
struct TileLowering : TranslatedLowering {
  using TranslatedLowering::TranslatedLowering;
  LogicalResult emitBody(const KernelCode &code) final;
};

struct RowLowering : TranslatedLowering {
  using TranslatedLowering::TranslatedLowering;
  LogicalResult emitBody(const KernelCode &code) final;
};
} // namespace

LogicalResult RowLowering::emitBody(const KernelCode &code) {
  Value count = abi.getCount(args, kernel.getSelected());
  if (chosen)
    count = LLVM::MulOp::create(builder, count, abi.getInt32(int32_t(chosen)));
  auto [begin, end] = abi.getWorkerRange(count, worker, workers);
  auto loop = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
  builder.setInsertionPointToStart(loop.getBody());
  Part part;
  part.row = LLVM::TruncOp::create(builder, builder.getI32Type(),
                                   loop.getInductionVar());
  for (const KernelResult &result : getResults())
    part.units.emplace_back(abi.getInt32(0), abi.getInt32(result.units));
  emitCall(code, part);
  return success();
}

LogicalResult TileLowering::emitBody(const KernelCode &code) {
  Part part;
  part.row = abi.getInt32(0);
  part.count = abi.getCount(args, kernel.getSelected());
  auto [begin, end] =
      abi.getWorkerRange(abi.getInt32(countUnits()), worker, workers);
  part.units = getUnits(begin, end);
  Value any = arith::CmpIOp::create(builder, arith::CmpIPredicate::sgt,
                                    part.count, abi.getInt32(0));
  auto guard = scf::IfOp::create(builder, any, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(guard.thenBlock());
  emitCall(code, part);
  return success();
}

std::unique_ptr<KernelLowering> cpu::createTileLowering(KernelOp kernel,
                                                        CpuAttr cpu) {
  return std::make_unique<TileLowering>(kernel, cpu);
}

std::unique_ptr<KernelLowering> cpu::createRowLowering(KernelOp kernel,
                                                       CpuAttr cpu) {
  return std::make_unique<RowLowering>(kernel, cpu);
}
