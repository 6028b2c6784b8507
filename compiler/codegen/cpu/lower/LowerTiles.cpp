//===- LowerTiles.cpp - Kernels by tiles, and row by row ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/cpu/halide/TranslateKernel.h"
#include "compiler/codegen/cpu/lower/HalideCall.h"
#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

namespace {
/// Calls one function of Halide's, which computes the kernel's ops for a part
/// of the work.
class TranslatedLowering : public KernelLowering {
public:
  TranslatedLowering(KernelOp kernel, CpuAttr cpu)
      : KernelLowering(kernel), cpu(cpu) {}

  FailureOr<std::vector<HalideJob>> getJobs() final;

protected:
  /// A part of the work.
  struct Part {
    Value row;   // i32: the row that is computed, or the first
    Value count; // i32: rows
    SmallVector<std::pair<Value, Value>> units; // of each result: first, count
  };
  void emitCall(const KernelCode &code, const Part &part);
  ArrayRef<KernelResult> getResults() const {
    return translated.functions->results;
  }

private:
  /// Of Halide's function.
  std::string getName() { return (kernel.getSymName() + ".halide").str(); }
  Value getHost(const BufferOwner &owner, Value row);

  CpuAttr cpu;
  TranslatedKernel translated; // by the job
};

struct TileLowering : TranslatedLowering {
  using TranslatedLowering::TranslatedLowering;
  LogicalResult emitBody(const KernelCode &code) final;
};

struct RowLowering : TranslatedLowering {
  using TranslatedLowering::TranslatedLowering;
  LogicalResult emitBody(const KernelCode &code) final;
};
} // namespace

FailureOr<std::vector<HalideJob>> TranslatedLowering::getJobs() {
  int64_t pageNumbers = 0;
  if (getCacheType()) {
    FailureOr<StateOp> state = getState();
    if (failed(state))
      return failure();
    pageNumbers = getPageNumbers(*state);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  stream << pageNumbers;
  auto define = [this, pageNumbers]() -> FailureOr<HalideFunction> {
    FailureOr<TranslatedKernel> result =
        translateKernel(kernel, cpu, pageNumbers);
    if (failed(result))
      return failure();
    translated = std::move(*result);
    return HalideFunction{getName(), translated.functions->halideArguments,
                          translated.functions->pipeline()};
  };
  return std::vector<HalideJob>{{kernel, getName(), text, define}};
}

/// The address that a buffer of row `row` begins at.
Value TranslatedLowering::getHost(const BufferOwner &owner, Value row) {
  switch (owner.kind) {
  case BufferOwner::Weight:
    return getWeight(translated.weights[owner.index]);
  case BufferOwner::Keys:
  case BufferOwner::Values: {
    // Translating the kernel has seen that there is the state.
    abi::KvLayout layout = getKvLayout(getCacheType());
    Value keys = abi.getLayerPages(
        args, layer, findState(kernel, getCacheType().getState()), layout.type);
    return owner.kind == BufferOwner::Keys
               ? keys
               : abi.addBytes(keys, layout.valuesOffset());
  }
  case BufferOwner::SlotMapping: {
    Value pool =
        abi.getPool(args, findState(kernel, getCacheType().getState()));
    return getRow(abi.loadPointer(pool, offsetof(abi::PagePool, slotMapping)),
                  row, sizeof(int32_t));
  }
  case BufferOwner::Result: {
    auto type = cast<RankedTensorType>(kernel.getResultTypes()[owner.index]);
    return getRow(getResult(owner.index), row, getRowBytes(type));
  }
  case BufferOwner::Operand: {
    if (owner.selection)
      row = LLVM::LoadOp::create(
          builder, builder.getI32Type(),
          getRow(getOperand(*owner.selection), row, sizeof(int32_t)));
    auto type = cast<RankedTensorType>(kernel.getArgumentTypes()[owner.index]);
    int64_t bytes = type.getRank() == 1 ? sizeof(int32_t) : getRowBytes(type);
    return getRow(getOperand(owner.index), row, bytes);
  }
  }
  llvm_unreachable("an unknown owner");
}

void TranslatedLowering::emitCall(const KernelCode &code, const Part &part) {
  HalideCall call(builder, builder.getLoc(), abi, entry);
  auto add = [&](const KernelArgument &argument) {
    switch (argument.kind) {
    case KernelArgument::RowsFirst:
      return call.addScalar(abi.getInt32(0));
    case KernelArgument::RowsCount:
      return call.addScalar(part.count);
    case KernelArgument::UnitsFirst:
      return call.addScalar(part.units[argument.result].first);
    case KernelArgument::UnitsCount:
      return call.addScalar(part.units[argument.result].second);
    case KernelArgument::Input:
      return call.addBuffer(
          abi.addBytes(getHost(argument.owner, part.row), argument.offset));
    case KernelArgument::Output: {
      const KernelResult &result = getResults()[argument.result];
      Value host = getHost(result.owner, part.row);
      if (result.unitBytes)
        host =
            getRow(host, part.units[argument.result].first, result.unitBytes);
      return call.addBuffer(abi.addBytes(host, argument.offset));
    }
    }
  };
  llvm::for_each(translated.functions->arguments, add);
  llvm::for_each(translated.functions->outputArguments, add);
  call.emit(getName(), code.getBitcode(getName()));
}

LogicalResult RowLowering::emitBody(const KernelCode &code) {
  Value count = abi.getCount(args, kernel.getSelected());
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
  // The units of all results in one line, cut evenly.
  int64_t units = 0;
  for (const KernelResult &result : getResults())
    units += result.units;
  auto [begin, end] = abi.getWorkerRange(abi.getInt32(units), worker, workers);
  int64_t first = 0;
  for (const KernelResult &result : getResults()) {
    auto clamp = [&](Value unit) -> Value {
      Value here = arith::SubIOp::create(builder, unit, abi.getInt64(first));
      here = arith::MaxSIOp::create(builder, here, abi.getInt64(0));
      here = arith::MinSIOp::create(builder, here, abi.getInt64(result.units));
      return LLVM::TruncOp::create(builder, builder.getI32Type(), here);
    };
    Value from = clamp(begin), to = clamp(end);
    part.units.emplace_back(from, arith::SubIOp::create(builder, to, from));
    first += result.units;
  }
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
