//===- LowerKernelsToReference.cpp - Kernels for the reference target -----===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/reference/Passes.h"
#include "compiler/codegen/reference/ReferenceCalls.h"
#include "dialect/PackedLayout.h"
#include "dialect/Targets.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_LOWERKERNELSTOREFERENCE
#include "compiler/codegen/reference/Passes.h.inc"
} // namespace quipu

/// What a kernel's ops may hand to each other on a worker's stack, in bytes.
static constexpr int64_t stackBytes = 1 << 20;

static SmallVector<Value> getTensors(ValueRange values) {
  return llvm::filter_to_vector(values, [](Value value) {
    return isa<RankedTensorType>(value.getType());
  });
}

static LogicalResult lowerKernel(KernelOp kernel) {
  OpBuilder builder(kernel.getContext());
  AbiBuilder abi(builder, kernel.getLoc(), kernel->getParentOfType<ModuleOp>());
  Block &body = kernel.getBody().front();
  SmallVector<Value> inputs = getTensors(body.getArguments());
  SmallVector<Value> outputs = getTensors(body.getTerminator()->getOperands());

  Type i32 = builder.getI32Type();
  SmallVector<Type> types{abi.getPointerType(), i32, i32, i32};
  types.append(inputs.size() + outputs.size(), abi.getPointerType());
  LLVM::LLVMFuncOp function =
      abi.declare(kernel.getSymName(),
                  LLVM::LLVMFunctionType::get(
                      LLVM::LLVMVoidType::get(builder.getContext()), types));
  if (!function.isExternal() || function.getNumArguments() != types.size())
    return kernel.emitOpError("is not what a function of that name is");
  function.setNoInline(true);
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(entry);

  ReferenceCalls calls(kernel, abi, entry);
  for (auto [index, input] : llvm::enumerate(inputs))
    calls.setPointer(input, entry->getArgument(4 + index));
  // What has a place already, as an input or another output, is copied there.
  SmallVector<std::pair<Value, Value>> copies;
  for (auto [index, output] : llvm::enumerate(outputs)) {
    Value pointer = entry->getArgument(4 + inputs.size() + index);
    if (calls.getPointer(output))
      copies.emplace_back(output, pointer);
    else
      calls.setPointer(output, pointer);
  }
  int64_t bytes = 0;
  for (Operation &op : body.without_terminator()) {
    for (Value result : getTensors(op.getResults()))
      if (!calls.getPointer(result)) {
        int64_t size = getArenaBytes(cast<RankedTensorType>(result.getType()));
        if (size > stackBytes - bytes)
          return op.emitOpError("does not fit on the stack; run fuse-kernels "
                                "for the target reference");
        bytes += size;
        calls.setPointer(result, LLVM::AllocaOp::create(
                                     builder, op.getLoc(), abi.getPointerType(),
                                     builder.getI8Type(), abi.getInt64(size),
                                     packedAlignment));
      }
    if (failed(calls.emit(&op)))
      return failure();
  }
  for (auto [value, pointer] : copies)
    calls.copy(value, pointer);
  LLVM::ReturnOp::create(builder, kernel.getLoc(), ValueRange());
  return success();
}

namespace {
struct LowerKernelsToReference
    : quipu::impl::LowerKernelsToReferenceBase<LowerKernelsToReference> {
  void runOnOperation() override {
    SmallVector<KernelOp> kernels;
    getOperation().walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    // A function that is new comes before all others.
    for (KernelOp kernel : llvm::reverse(kernels)) {
      if (failed(lowerKernel(kernel)))
        return signalPassFailure();
      kernel.erase();
    }
  }
};
} // namespace
