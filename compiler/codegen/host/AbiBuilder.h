//===- AbiBuilder.h - Code that uses what abi/Abi.h defines -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_HOST_ABIBUILDER_H
#define QUIPU_COMPILER_CODEGEN_HOST_ABIBUILDER_H

#include "abi/Abi.h"
#include "dialect/Quipu.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace quipu {

/// Emits the LLVM dialect at the insertion point of a builder. `args` is
/// always a pointer to abi::StepArgs, a field is the `offsetof` in it.
class AbiBuilder {
public:
  /// Functions are declared at the beginning of `module`.
  AbiBuilder(mlir::OpBuilder &builder, mlir::Location loc,
             mlir::ModuleOp module)
      : builder(builder), loc(loc), module(module) {}

  mlir::Type getPointerType() const;
  mlir::Value getInt32(int32_t value);
  mlir::Value getInt64(int64_t value);
  mlir::Value getFloat(float value);
  mlir::Value getDouble(double value);
  mlir::Value getNull();
  /// The address of an array that the module defines under `name`.
  mlir::Value getConstant(llvm::StringRef name, llvm::ArrayRef<float> values);
  mlir::Value getConstant(llvm::StringRef name, llvm::ArrayRef<int32_t> values);
  /// What a constant table of that name has for layer `layer` (an i32).
  mlir::Value getEntry(llvm::StringRef name, llvm::ArrayRef<int64_t> table,
                       mlir::Value layer);

  /// `pointer` + `bytes`; the bytes are an i64.
  mlir::Value addBytes(mlir::Value pointer, mlir::Value bytes);
  mlir::Value addBytes(mlir::Value pointer, int64_t bytes);
  /// An i32 as an i64.
  mlir::Value extend(mlir::Value number);

  mlir::Value loadPointer(mlir::Value args, size_t field);
  mlir::Value loadInt32(mlir::Value args, size_t field);
  /// Pointer number `index` of an array of them.
  mlir::Value loadElement(mlir::Value array, int64_t index);
  /// The tokens that a kernel runs over, an i32: those whose logits are
  /// selected or all of the step.
  mlir::Value getCount(mlir::Value args, bool selected);
  /// The abi::PagePool of a state that has its offsets.
  mlir::Value getPool(mlir::Value args, StateOp state);
  /// Where layer `layer` (an i32) of a state begins in a page, in numbers of
  /// one position (i64).
  mlir::Value getPlace(mlir::Value layer, StateOp state);
  /// The keys of layer `layer` in page 0.
  mlir::Value getLayerPages(mlir::Value args, mlir::Value layer, StateOp state,
                            abi::CacheType type);
  /// Where a packed weight begins in layer `layer` (an i32).
  mlir::Value getWeight(mlir::Value args, mlir::Value layer, WeightOp weight);
  /// What worker `worker` of `workers` has of `count` (i32, all three): from
  /// the first to before the second, i64.
  std::pair<mlir::Value, mlir::Value>
  getWorkerRange(mlir::Value count, mlir::Value worker, mlir::Value workers);

  /// All of `count` for worker 0, nothing for the others.
  std::pair<mlir::Value, mlir::Value> getFirstWorkerRange(mlir::Value count,
                                                          mlir::Value worker);

  /// The function of that name in the module, declared when it is not there.
  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name,
                                 mlir::LLVM::LLVMFunctionType type);
  /// Calls a C function; `Function` is its type:
  /// `call<decltype(quipu_barrier)>("quipu_barrier", barrier)`.
  template <typename Function>
  mlir::LLVM::CallOp call(llvm::StringRef name, mlir::ValueRange arguments) {
    return mlir::LLVM::CallOp::create(
        builder, loc, declare(name, getFunctionType((Function *)nullptr)),
        arguments);
  }

private:
  mlir::Value getConstant(llvm::StringRef name, mlir::DenseElementsAttr values);

  template <typename T> mlir::Type getType() const {
    if constexpr (std::is_pointer_v<T>)
      return getPointerType();
    else if constexpr (std::is_same_v<T, float>)
      return builder.getF32Type();
    else if constexpr (std::is_same_v<T, double>)
      return builder.getF64Type();
    else if constexpr (std::is_void_v<T>)
      return mlir::LLVM::LLVMVoidType::get(builder.getContext());
    else
      return builder.getIntegerType(8 * sizeof(T));
  }
  template <typename Result, typename... Arguments>
  mlir::LLVM::LLVMFunctionType getFunctionType(Result (*)(Arguments...)) const {
    return mlir::LLVM::LLVMFunctionType::get(getType<Result>(),
                                             {getType<Arguments>()...});
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::ModuleOp module;
};

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_HOST_ABIBUILDER_H
