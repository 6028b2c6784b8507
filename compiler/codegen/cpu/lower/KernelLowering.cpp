//===- KernelLowering.cpp - A kernel as a function ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/KernelLowering.h"
#include "compiler/codegen/host/CheckModel.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

FailureOr<std::unique_ptr<KernelLowering>>
KernelLowering::create(KernelOp kernel, CpuAttr cpu) {
  if (!kernel.getSchedule())
    return kernel.emitOpError("has no schedule; run choose-schedules first");
  if (failed(checkWeights(kernel)))
    return failure();
  auto lowering =
      llvm::TypeSwitch<Attribute, std::unique_ptr<KernelLowering>>(
          kernel.getScheduleAttr())
          .Case([&](CpuTilesAttr) {
            LinearOp linear = *kernel.getOps<LinearOp>().begin();
            return linear.isStack() ? createStackLowering(kernel, cpu)
                                    : createTileLowering(kernel, cpu);
          })
          .Case([&](CpuRowsAttr) { return createRowLowering(kernel, cpu); })
          .Case([&](CpuAttentionAttr schedule) {
            return createAttentionLowering(kernel, schedule);
          })
          .Case([&](CpuTopKAttr) { return createTopKLowering(kernel); })
          .Case([&](CpuPoolAttr) { return createPoolLowering(kernel); })
          .Case([&](CpuAnglesAttr) { return createRopeAnglesLowering(kernel); })
          .Default(nullptr);
  if (!lowering)
    return kernel.emitOpError("has a schedule that is none of a CPU: ")
           << kernel.getScheduleAttr();
  return lowering;
}

KernelLowering::KernelLowering(KernelOp kernel)
    : kernel(kernel), builder(kernel.getLoc(), kernel.getContext()),
      abi(builder, kernel.getLoc(), kernel->getParentOfType<ModuleOp>()) {}

FailureOr<std::vector<HalideJob>> KernelLowering::getJobs() {
  return std::vector<HalideJob>();
}

LogicalResult KernelLowering::run(const KernelCode &code) {
  auto isPointer = [](Type type) { return isa<RankedTensorType>(type); };
  Type i32 = builder.getI32Type();
  SmallVector<Type> types{abi.getPointerType(), i32, i32, i32};
  types.append(llvm::count_if(kernel.getArgumentTypes(), isPointer) +
                   llvm::count_if(kernel.getResultTypes(), isPointer),
               abi.getPointerType());
  LLVM::LLVMFuncOp function =
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
  LogicalResult result = emitBody(code);
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

Value KernelLowering::getWeight(FlatSymbolRefAttr name) {
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
