//===- ReferenceCalls.h - Ops as calls of their references ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCECALLS_H
#define QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCECALLS_H

#include "compiler/codegen/host/AbiBuilder.h"

namespace quipu {

/// Emits the ops of one kernel as calls of the functions in
/// reference/Reference.h.
class ReferenceCalls {
public:
  /// `entry` has the arguments of a kernel's function: args, layer, worker,
  /// workers.
  ReferenceCalls(KernelOp kernel, AbiBuilder &abi, mlir::Block *entry);

  /// Where the tensor `value` lies.
  void setPointer(mlir::Value value, mlir::Value pointer) {
    pointers[value] = pointer;
  }
  mlir::Value getPointer(mlir::Value value) const {
    return pointers.lookup(value);
  }

  /// Copies the rows of the tensor `value` to `pointer`.
  void copy(mlir::Value value, mlir::Value pointer);

  /// Emits `op` or reports why it cannot.
  mlir::LogicalResult emit(mlir::Operation *op);

  /// Whether there is a reference for ops of that name.
  static bool has(llvm::StringRef opName);

  void call(EmbedOp op);
  void call(GatherOp op);
  void call(LinearOp op);
  void call(RMSNormOp op);
  void call(LayerNormOp op);
  void call(QuantizeOp op);
  void call(RopeAnglesOp op);
  void call(RopeOp op);
  void call(CacheWriteOp op);
  void call(AttentionOp op);
  void call(SwiGLUOp op);
  void call(AddOp op);
  void call(MulOp op);
  void call(ScaleOp op);
  void call(ClampOp op);
  void call(ConcatOp op);
  void call(ActivateOp op);
  void call(SoftmaxOp op);
  void call(PoolOp op);
  void call(L2NormOp op);
  void call(TopKOp op);
  void call(SumOp op);

private:
  using Arguments = llvm::SmallVector<mlir::Value, 2>;
  template <typename Function>
  void callFunction(mlir::Operation *op,
                    std::initializer_list<Arguments> arguments,
                    llvm::StringRef suffix = "");
  template <typename Function, typename Op> void callBinary(Op op);
  void callOf(LinearOp op);

  Arguments getSize(int64_t size) { return {abi.getInt64(size)}; }
  Arguments getKind(int32_t kind) { return {abi.getInt32(kind)}; }
  Arguments getReal(float number) { return {abi.getFloat(number)}; }
  Arguments getDouble(double number) { return {abi.getDouble(number)}; }
  Arguments getVector(mlir::Value vector) { return {getPointer(vector)}; }
  /// The pointer and the stride of a tensor, for `getReals` one of f32.
  Arguments getRows(mlir::Value rows);
  Arguments getReals(mlir::Value rows);
  /// As getRows; null for no value.
  Arguments getOptionalRows(mlir::Value rows);
  /// The pointer of a weight, null without one.
  Arguments getWeight(std::optional<WeightAttr> weight);
  /// The same and how many numbers it has.
  Arguments getNumbers(std::optional<WeightAttr> weight);
  /// The pointer of a weight and its format.
  Arguments getMatrix(WeightAttr weight);
  /// abi::StepArgs and what says where the layer's keys and values are.
  Arguments getCache(mlir::Value cache);
  /// The state of that name, or null and an error without an offset.
  StateOp findPlaced(mlir::FlatSymbolRefAttr name);

  KernelOp kernel;
  AbiBuilder &abi;
  mlir::Value args, layer, begin, end;
  mlir::Operation *current = nullptr;
  bool failed = false;
  llvm::DenseMap<mlir::Value, mlir::Value> pointers;
};

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_REFERENCE_REFERENCECALLS_H
