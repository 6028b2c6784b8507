//===- TranslatedLowering.cpp - Kernels that Halide computes --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/TranslatedLowering.h"
#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/HalideCall.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

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

Value TranslatedLowering::getMatrix(FlatSymbolRefAttr name, const Part &part) {
  Value first = getWeight(name);
  // From a matrix to the next, or from a vector of biases.
  int64_t bytes = 0;
  for (LinearOp linear : kernel.getOps<LinearOp>()) {
    if (!linear.isStack())
      continue;
    if (linear.getWeight().getSymbol() == name)
      bytes = getWeightLayout(linear.getWeight().getType())->bytes();
    else if (linear.getBias() && linear.getBias()->getSymbol() == name)
      bytes = linear.getRows() * int64_t(sizeof(float));
  }
  if (!bytes)
    return first;
  return abi.addBytes(
      first, LLVM::MulOp::create(builder, part.matrix, abi.getInt64(bytes)));
}

Value TranslatedLowering::getRowOf(Value pointer, RankedTensorType type,
                                   Value row) {
  if (type.getRank() == 1)
    return getRow(pointer, row, sizeof(int32_t));
  int64_t bytes = getRowBytes(type);
  if (isOfChoices(type, chosen))
    return getRow(pointer, row, bytes / chosen);
  if (chosen)
    row = LLVM::SDivOp::create(builder, row, abi.getInt32(int32_t(chosen)));
  return getRow(pointer, row, bytes);
}

Value TranslatedLowering::getHost(const BufferOwner &owner, const Part &part) {
  switch (owner.kind) {
  case BufferOwner::Weight:
    return getMatrix(translated.weights[owner.index], part);
  case BufferOwner::Choices:
    return part.choices;
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
                  part.row, sizeof(int32_t));
  }
  case BufferOwner::Result:
    return getRowOf(
        getResult(owner.index),
        cast<RankedTensorType>(kernel.getResultTypes()[owner.index]), part.row);
  case BufferOwner::Operand: {
    Value row = part.row;
    if (owner.selection)
      row = LLVM::LoadOp::create(
          builder, builder.getI32Type(),
          getRow(getOperand(*owner.selection), row, sizeof(int32_t)));
    return getRowOf(
        getOperand(owner.index),
        cast<RankedTensorType>(kernel.getArgumentTypes()[owner.index]), row);
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
          abi.addBytes(getHost(argument.owner, part), argument.offset));
    case KernelArgument::Output: {
      const KernelResult &result = getResults()[argument.result];
      Value host = getHost(result.owner, part);
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

int64_t TranslatedLowering::countUnits() const {
  int64_t units = 0;
  for (const KernelResult &result : getResults())
    units += result.units;
  return units;
}

SmallVector<std::pair<Value, Value>> TranslatedLowering::getUnits(Value begin,
                                                                  Value end) {
  SmallVector<std::pair<Value, Value>> units;
  int64_t first = 0;
  for (const KernelResult &result : getResults()) {
    auto clamp = [&](Value unit) -> Value {
      Value here = arith::SubIOp::create(builder, unit, abi.getInt64(first));
      here = arith::MaxSIOp::create(builder, here, abi.getInt64(0));
      here = arith::MinSIOp::create(builder, here, abi.getInt64(result.units));
      return LLVM::TruncOp::create(builder, builder.getI32Type(), here);
    };
    Value from = clamp(begin), to = clamp(end);
    units.emplace_back(from, arith::SubIOp::create(builder, to, from));
    first += result.units;
  }
  return units;
}
