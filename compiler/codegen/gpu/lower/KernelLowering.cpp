//===- KernelLowering.cpp - One kernel's way onto a GPU -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/gpu/lower/GpuCostModel.h"
#include "compiler/codegen/host/AbiBuilder.h"
#include "compiler/codegen/host/CheckModel.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "dialect/States.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

ActivationRows quipu::gpu::getRows(RankedTensorType activation) {
  return {activation.getElementTypeBitWidth() / 8, getRowBytes(activation),
          hasPanels(activation) ? getPanelBytes(activation) : 0};
}

FailureOr<std::unique_ptr<KernelLowering>>
KernelLowering::create(KernelOp kernel, GpuAttr gpu,
                       mlir::gpu::GPUModuleOp device) {
  if (!kernel.getSchedule())
    return kernel.emitOpError("has no schedule; run choose-gpu-schedules "
                              "first");
  if (failed(checkWeights(kernel)))
    return failure();
  auto lowering = llvm::TypeSwitch<Attribute, std::unique_ptr<KernelLowering>>(
                      kernel.getScheduleAttr())
                      .Case([&](GpuRowsAttr) {
                        return createRowLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuDotsAttr) {
                        return createDotLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuGemmAttr) {
                        return createGemmLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuGemvAttr) {
                        return createGemvLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuExpertsAttr) {
                        return createExpertLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuTopKAttr) {
                        return createTopKLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuAttentionAttr) {
                        return createAttentionLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuPoolAttr) {
                        return createPoolLowering(kernel, gpu, device);
                      })
                      .Case([&](GpuAnglesAttr) {
                        return createRopeAnglesLowering(kernel, gpu, device);
                      })
                      .Default(nullptr);
  if (!lowering)
    return kernel.emitOpError("has a schedule that is none of a GPU: ")
           << kernel.getScheduleAttr();
  return lowering;
}

KernelLowering::KernelLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device)
    : kernel(kernel), gpu(gpu), device(device),
      b(kernel.getLoc(), kernel.getContext(),
        static_cast<unsigned>(gpu.getCapability())) {
  for (Operation &op : kernel.getBody().front())
    for (NamedAttribute attribute : op.getAttrs())
      if (auto weight = dyn_cast<WeightAttr>(attribute.getValue()))
        weights.insert(weight.getSymbol());
}

static unsigned countTensors(ArrayRef<Type> types) {
  return llvm::count_if(types, llvm::IsaPred<RankedTensorType>);
}

SmallVector<Type> KernelLowering::getParameterTypes(Type pointer) {
  SmallVector<Type> types{pointer, b.getI32Type()};
  types.append(weights.size() + countTensors(kernel.getArgumentTypes()) +
                   countTensors(kernel.getResultTypes()),
               pointer);
  return types;
}

LogicalResult
KernelLowering::emitFunction(StringRef suffix, unsigned threads,
                             function_ref<FailureOr<Launch>()> body,
                             unsigned blocksPerMultiprocessor) {
  std::string name = (kernel.getSymName() + suffix).str();
  // PTX has no dots in names.
  llvm::replace(name, '.', '_');
  LLVM::LLVMFuncOp function =
      b.createKernel(device, name, getParameterTypes(b.getPointerType(1)),
                     threads, blocksPerMultiprocessor);
  entry = &function.getBody().front();
  args = entry->getArgument(0);
  layer = entry->getArgument(1);
  b.launchKernelAfter();
  FailureOr<Launch> launch = body();
  if (failed(launch))
    return failure();
  b.ret();
  if (launch->sharedBytes > maxSharedBytes(gpu))
    return kernel.emitOpError("needs ")
           << launch->sharedBytes
           << " bytes of shared memory on a GPU, where a block of "
           << gpu.getChip() << " has " << maxSharedBytes(gpu);
  function->setAttr(deviceKernelName,
                    DeviceKernelAttr::get(b.getContext(), b.getStringAttr(name),
                                          b.getDenseI64ArrayAttr(launch->grid),
                                          threads, launch->sharedBytes));
  ++functions;
  return success();
}

LogicalResult KernelLowering::run(int32_t &launched) {
  if (failed(emit()))
    return failure();
  if (failed(emitHostFunction(launched, launched + functions)))
    return failure();
  launched += functions;
  return success();
}

/// void kernel(StepArgs *args, i32 layer, i32 worker, i32 workers,
///             operands..., results...)
LogicalResult KernelLowering::emitHostFunction(int32_t first, int32_t end) {
  ImplicitLocOpBuilder host(kernel.getLoc(), kernel.getContext());
  AbiBuilder abi(host, kernel.getLoc(), kernel->getParentOfType<ModuleOp>());
  Type i32 = host.getI32Type(), pointer = abi.getPointerType();
  unsigned tensors = countTensors(kernel.getArgumentTypes()) +
                     countTensors(kernel.getResultTypes());
  SmallVector<Type> types{pointer, i32, i32, i32};
  types.append(tensors, pointer);
  LLVM::LLVMFuncOp function = abi.declare(
      kernel.getSymName(), LLVM::LLVMFunctionType::get(
                               LLVM::LLVMVoidType::get(b.getContext()), types));
  if (!function.isExternal() || function.getNumArguments() != types.size())
    return kernel.emitOpError("is not what a function of that name is");
  Block *block = function.addEntryBlock(host);
  host.setInsertionPointToStart(block);
  Value hostArgs = block->getArgument(0), hostLayer = block->getArgument(1);

  SmallVector<Value> parameters{
      abi.loadPointer(hostArgs, offsetof(abi::StepArgs, device)), hostLayer};
  for (Attribute name : weights)
    parameters.push_back(abi.getWeight(
        hostArgs, hostLayer, lookUpWeight(cast<FlatSymbolRefAttr>(name))));
  llvm::append_range(parameters, block->getArguments().drop_front(4));

  Value one = abi.getInt32(1);
  Value table = LLVM::AllocaOp::create(
      host, pointer, LLVM::LLVMArrayType::get(pointer, parameters.size()), one);
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    Value place =
        LLVM::AllocaOp::create(host, pointer, parameter.getType(), one);
    LLVM::StoreOp::create(host, parameter, place);
    LLVM::StoreOp::create(host, place,
                          abi.addBytes(table, int64_t(i * sizeof(void *))));
  }
  Value queue = abi.loadPointer(hostArgs, offsetof(abi::StepArgs, barrier));
  for (int32_t number = first; number < end; ++number)
    abi.call<void(void *, int32_t, void *const *)>(
        "quipu_launch", {queue, abi.getInt32(number), table});
  LLVM::ReturnOp::create(host, ValueRange());
  return success();
}

//===----------------------------------------------------------------------===//
// In a function of the device
//===----------------------------------------------------------------------===//

Value KernelLowering::loadArgument(size_t field, Type type) {
  return b.load(type, b.at(args, static_cast<int64_t>(field)));
}

Value KernelLowering::getCount() {
  return loadArgument(kernel.getSelected()
                          ? offsetof(abi::StepArgs, selectedCount)
                          : offsetof(abi::StepArgs, count),
                      b.getI32Type());
}

Value KernelLowering::getWeight(FlatSymbolRefAttr name) {
  const auto *found = llvm::find(weights, Attribute(name));
  return entry->getArgument(2 + std::distance(weights.begin(), found));
}

Value KernelLowering::getMatrix(Value first, RankedTensorType stack,
                                Value number) {
  auto layout = cast<LayoutAttrInterface>(gpu.chooseLayout(stack));
  return b.at(first,
              b.mul(b.extend(number),
                    b.i64(layout.getPackedBytes(stack) / getMatrices(stack))));
}

Value KernelLowering::getOperand(unsigned index) {
  return entry->getArgument(
      2 + weights.size() +
      countTensors(kernel.getArgumentTypes().take_front(index)));
}

Value KernelLowering::getResult(unsigned index) {
  return entry->getArgument(
      2 + weights.size() + countTensors(kernel.getArgumentTypes()) +
      countTensors(kernel.getResultTypes().take_front(index)));
}

WeightOp KernelLowering::lookUpWeight(FlatSymbolRefAttr name) {
  return kernel->getParentOfType<ModelOp>().lookupSymbol<WeightOp>(name);
}

Value KernelLowering::getChosenMatrix(LinearOp linear, Value token,
                                      Value choice) {
  if (linear.getOfHeads())
    return choice;
  auto argument = cast<BlockArgument>(linear.getIds());
  ActivationRows rows = getRows(cast<RankedTensorType>(argument.getType()));
  return b.load(b.getI32Type(),
                rows.getPlace(b, getOperand(argument), token, choice));
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

FailureOr<Value> KernelLowering::getPool() {
  FailureOr<StateOp> state = getState();
  if (failed(state))
    return failure();
  return b.at(loadArgument(offsetof(abi::StepArgs, pools)),
              static_cast<int64_t>(*state->getPool() * sizeof(abi::PagePool)));
}

FailureOr<int64_t> KernelLowering::getPageBytes() {
  FailureOr<StateOp> state = getState();
  if (failed(state))
    return failure();
  return abi::getPageBytes(*getCacheFormat(getCacheType().getElementType()),
                           getPageNumbers(*state));
}

/// How many of those are below it, or all but how many of the others.
Value KernelLowering::getLayerNumber(StateOp state) {
  if (!state.getPresent())
    return b.extend(layer);
  ArrayRef<int64_t> kept = state.getPresent()->getLayers();
  auto countBelow = [&](auto &&layers) {
    Value count = b.i32(0);
    for (int64_t other : layers)
      count = b.add(count, b.toInt(b.less(b.i32(other), layer)));
    return count;
  };
  auto isMissing = [&](int64_t other) {
    return !llvm::binary_search(kept, other);
  };
  int64_t layers = state.getLayers().value_or(1);
  if (2 * static_cast<int64_t>(kept.size()) <= layers)
    return b.extend(countBelow(kept));
  return b.extend(b.sub(layer, countBelow(llvm::make_filter_range(
                                   llvm::seq<int64_t>(layers), isMissing))));
}

FailureOr<Value> KernelLowering::getLayerPages() {
  FailureOr<StateOp> state = getState();
  FailureOr<Value> pool = getPool();
  if (failed(state) || failed(pool))
    return failure();
  abi::CacheType type = *getCacheFormat(getCacheType().getElementType());
  Value pages =
      b.load(b.getPointerType(1), b.at(*pool, offsetof(abi::PagePool, pages)));
  int64_t offset = state->getOffset().value_or(0),
          stride = state->getStride().value_or(0);
  Value place =
      b.add(b.mul(getLayerNumber(*state), b.i64(stride)), b.i64(offset));
  return b.at(pages, b.mul(place, b.i64(abi::getPageBytes(type, 1))));
}
