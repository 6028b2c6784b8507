//===- HalideCall.cpp - Calls of Halide's functions -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/lower/HalideCall.h"
#include "HalideRuntime.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::cpu;

void HalideCall::addBuffer(Value host) {
  Value buffer;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    buffer = LLVM::AllocaOp::create(
        builder, loc, abi.getPointerType(), builder.getI8Type(),
        abi.getInt32(sizeof(halide_buffer_t)), alignof(halide_buffer_t));
  }
  LLVM::StoreOp::create(
      builder, loc, host,
      abi.addBytes(buffer, int64_t(offsetof(halide_buffer_t, host))));
  arguments.push_back(buffer);
}

void HalideCall::emit(StringRef name, Attribute bitcode) {
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  LLVM::LLVMFuncOp function = abi.declare(
      name, LLVM::LLVMFunctionType::get(builder.getI32Type(), types));
  function->setAttr(bitcodeName, bitcode);
  LLVM::CallOp::create(builder, loc, function, arguments);
}
