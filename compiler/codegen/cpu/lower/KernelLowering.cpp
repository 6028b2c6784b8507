//===- KernelLowering.cpp - A kernel as a function ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "abi/Abi.h"
#include "compiler/codegen/cpu/lower/HalideCall.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

KernelLowering::KernelLowering(KernelOp kernel, CpuAttr cpu,
                               const KernelCode &code)
    : kernel(kernel), cpu(cpu), code(code),
      builder(kernel.getLoc(), kernel.getContext()),
      abi(builder, kernel.getLoc(), kernel->getParentOfType<ModuleOp>()) {}

LogicalResult cpu::checkIsScheduled(KernelOp kernel) {
  if (!kernel.getSchedule())
    return kernel.emitOpError("has no schedule; run choose-schedules first");
  auto model = kernel->getParentOfType<ModelOp>();
  for (Operation &op : kernel.getBody().front())
    for (NamedAttribute attribute : op.getAttrs()) {
      auto weight = dyn_cast<WeightAttr>(attribute.getValue());
      if (!weight)
        continue;
      auto declared = model.lookupSymbol<WeightOp>(weight.getSymbol());
      if (!declared || !declared.getOffset())
        return op.emitOpError("needs the weight ")
               << weight.getName()
               << ", which has no offset; run assign-weight-offsets first";
      if (isa<MixedType>(weight.getType().getElementType()))
        return op.emitOpError("reads the weight ")
               << weight.getName()
               << " in several formats; run specialize-kernels first";
    }
  return success();
}

LogicalResult KernelLowering::run() {
  auto isPointer = [](Type type) { return isa<RankedTensorType>(type); };
  Type i32 = builder.getI32Type();
  SmallVector<Type> types{abi.getPointerType(), i32, i32, i32};
  types.append(llvm::count_if(kernel.getArgumentTypes(), isPointer) +
                   llvm::count_if(kernel.getResultTypes(), isPointer),
               abi.getPointerType());
  function =
      abi.declare(kernel.getSymName(),
                  LLVM::LLVMFunctionType::get(
                      LLVM::LLVMVoidType::get(builder.getContext()), types));
  function.setNoInline(true);
  entry = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(entry);
  args = entry->getArgument(0);
  layer = entry->getArgument(1);
  worker = entry->getArgument(2);
  workers = entry->getArgument(3);

  LogicalResult result = success();
  Operation &first = kernel.getBody().front().front();
  if (auto attention = dyn_cast<AttentionOp>(first))
    result = lowerAttention(attention);
  else if (auto angles = dyn_cast<RopeAnglesOp>(first))
    result = lowerRopeAngles(angles);
  else if (auto pool = dyn_cast<PoolOp>(first))
    result = lowerPool(pool);
  else if (isa<CpuRowsAttr>(kernel.getScheduleAttr()))
    result = lowerRows();
  else
    result = lowerTiles();
  builder.setInsertionPointToEnd(entry);
  LLVM::ReturnOp::create(builder, ValueRange());
  return result;
}

//===----------------------------------------------------------------------===//
// Where the bytes are
//===----------------------------------------------------------------------===//

/// The number of tensors before `index`.
static unsigned countTensors(ArrayRef<Type> types, unsigned index) {
  return llvm::count_if(types.take_front(index),
                        llvm::IsaPred<RankedTensorType>);
}

Value KernelLowering::getOperand(unsigned index) {
  return entry->getArgument(4 + countTensors(kernel.getArgumentTypes(), index));
}

Value KernelLowering::getResult(unsigned index) {
  ArrayRef<Type> operands = kernel.getArgumentTypes();
  return entry->getArgument(4 + countTensors(operands, operands.size()) +
                            countTensors(kernel.getResultTypes(), index));
}

Value KernelLowering::getRow(Value pointer, Value row, int64_t rowBytes) {
  return abi.addBytes(pointer, LLVM::MulOp::create(builder, abi.extend(row),
                                                   abi.getInt64(rowBytes)));
}

Value KernelLowering::getWeight(StringRef name) {
  auto weight = kernel->getParentOfType<ModelOp>().lookupSymbol<WeightOp>(name);
  return abi.getWeight(args, layer, weight);
}

CacheType KernelLowering::getCacheType() {
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes()))
    if (auto cache = dyn_cast<CacheType>(type))
      return cache;
  return {};
}

FailureOr<StateOp> KernelLowering::getState() {
  FlatSymbolRefAttr name = getCacheType().getState();
  StateOp state = findState(kernel, name);
  if (!state || !state.getPool())
    return kernel.emitOpError("needs the state ")
           << name << ", which has no offset; run assign-state-offsets first";
  return state;
}

Value KernelLowering::getHost(const BufferOwner &owner, Value row) {
  switch (owner.kind) {
  case BufferOwner::Weight:
    return getWeight(owner.weight);
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
  case BufferOwner::Result: {
    auto type = cast<RankedTensorType>(kernel.getResultTypes()[owner.index]);
    return getRow(getResult(owner.index), row, getRowBytes(type));
  }
  case BufferOwner::Operand:
    break;
  }
  BlockArgument operand = kernel.getBody().getArgument(owner.index);
  auto type = cast<RankedTensorType>(operand.getType());
  if (type.getRank() == 1)
    return getRow(getOperand(owner.index), row, sizeof(int32_t));
  for (Operation *user : operand.getUsers())
    if (auto gather = dyn_cast<GatherOp>(user)) {
      auto rows = cast<BlockArgument>(gather.getRows());
      row = LLVM::LoadOp::create(
          builder, builder.getI32Type(),
          getRow(getOperand(rows.getArgNumber()), row, sizeof(int32_t)));
    }
  return getRow(getOperand(owner.index), row, getRowBytes(type));
}

//===----------------------------------------------------------------------===//
// Rows and tiles
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::emitCall(const TranslatedKernel &translated,
                                       const Call &call) {
  const KernelBuilder &functions = *translated.functions;
  llvm::StringMap<int64_t> unitBytes;
  for (const KernelResult &result : functions.results)
    unitBytes[result.name] = result.unitBytes;

  HalideCall halide(builder, builder.getLoc(), abi, entry);
  auto add = [&](const KernelArgument &argument) {
    StringRef name = argument.name;
    if (name == "rows_first")
      return halide.addScalar(abi.getInt32(0));
    if (name == "rows_count")
      return halide.addScalar(call.count);
    if (name == "slot_mapping") {
      Value pool =
          abi.getPool(args, findState(kernel, getCacheType().getState()));
      return halide.addBuffer(
          getRow(abi.loadPointer(pool, offsetof(abi::PagePool, slotMapping)),
                 call.row, sizeof(int32_t)));
    }
    if (argument.isScalar)
      return halide.addScalar(
          name.consume_back("_first")
              ? call.units.lookup(name).first
              : call.units.lookup(name.drop_back(6)).second);
    Value host = getHost(translated.owners.at(argument.name), call.row);
    if (int64_t bytes = unitBytes.lookup(name))
      host = getRow(host, call.units.lookup(name).first, bytes);
    halide.addBuffer(abi.addBytes(host, argument.offset));
  };
  llvm::for_each(functions.arguments, add);
  llvm::for_each(functions.outputArguments, add);
  std::string name = getFunctionName(kernel);
  halide.emit(name, code.getBitcode(name));
  return success();
}

LogicalResult KernelLowering::lowerRows() {
  const TranslatedKernel &translated = code.getTranslation(kernel);
  const KernelBuilder &functions = *translated.functions;
  Value count = abi.getCount(args, kernel.getSelected());
  auto [begin, end] = abi.getWorkerRange(count, worker, workers);
  auto loop = scf::ForOp::create(builder, begin, end, abi.getInt64(1));
  builder.setInsertionPointToStart(loop.getBody());
  Call call;
  call.row = LLVM::TruncOp::create(builder, builder.getI32Type(),
                                   loop.getInductionVar());
  for (const KernelResult &result : functions.results)
    call.units[result.name] = {abi.getInt32(0), abi.getInt32(result.units)};
  return emitCall(translated, call);
}

LogicalResult KernelLowering::lowerTiles() {
  const TranslatedKernel &translated = code.getTranslation(kernel);
  const KernelBuilder &functions = *translated.functions;
  Call call;
  call.row = abi.getInt32(0);
  call.count = abi.getCount(args, kernel.getSelected());
  // The units of all results in one line, cut evenly.
  int64_t units = 0;
  for (const KernelResult &result : functions.results)
    units += result.units;
  auto [begin, end] = abi.getWorkerRange(abi.getInt32(units), worker, workers);
  int64_t first = 0;
  for (const KernelResult &result : functions.results) {
    auto clamp = [&](Value unit) -> Value {
      Value here = arith::SubIOp::create(builder, unit, abi.getInt64(first));
      here = arith::MaxSIOp::create(builder, here, abi.getInt64(0));
      here = arith::MinSIOp::create(builder, here, abi.getInt64(result.units));
      return LLVM::TruncOp::create(builder, builder.getI32Type(), here);
    };
    Value from = clamp(begin), to = clamp(end);
    call.units[result.name] = {from, arith::SubIOp::create(builder, to, from)};
    first += result.units;
  }
  Value any = arith::CmpIOp::create(builder, arith::CmpIPredicate::sgt,
                                    call.count, abi.getInt32(0));
  auto guard = scf::IfOp::create(builder, any, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(guard.thenBlock());
  return emitCall(translated, call);
}
