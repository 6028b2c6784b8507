//===- Elements.h - Numbers of a kernel's values, one at a time -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All kernels compute what is not a matrix product by the same code: a number
// of a value is computed from those numbers of its operands that it needs. Only
// norms and softmax need a whole row first, see reduceRow.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_ELEMENTS_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_ELEMENTS_H

#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include <functional>

namespace quipu::gpu {

/// What a kernel writes: the numbers of a result, or of the keys or the values
/// that go to the cache.
struct Output {
  mlir::Value value;
  int64_t columns; // numbers of a token
  int64_t result;  // of the kernel; -1 for the cache
  CacheWriteOp write;
  bool isKey = false;
};
llvm::SmallVector<Output> getOutputs(KernelOp kernel);

class Elements {
public:
  explicit Elements(KernelLowering &kernel)
      : kernel(kernel), b(kernel.builder()) {}

  /// A number of a token's row, f32; `column` is an i32.
  mlir::Value get(mlir::Value value, mlir::Value token, mlir::Value column) {
    return get(value, token, column, 1)[0];
  }
  /// Numbers of as many columns, 1 or `together`. `column` is a multiple of
  /// their number, and so are the row's columns, and those of its heads.
  Values get(mlir::Value value, mlir::Value token, mlir::Value column,
             int64_t count);
  /// What a thread loads or stores at once: 16 bytes.
  static constexpr int64_t together = 4;

  /// What computes the numbers of a value from now on.
  using Source = std::function<Values(mlir::Value token, mlir::Value column,
                                      int64_t count)>;
  void set(mlir::Value value, Source source) {
    sources[value] = std::move(source);
  }
  using SingleSource =
      std::function<mlir::Value(mlir::Value token, mlir::Value column)>;
  /// For kernels that ask for single numbers.
  void set(mlir::Value value, SingleSource source) {
    set(value, [source = std::move(source)](mlir::Value token,
                                            mlir::Value column, int64_t count) {
      assert(count == 1 && "more than a number is asked for");
      return Values{source(token, column)};
    });
  }

  /// While `emit` runs, what is loaded from global memory is kept: these values
  /// take the places of the same loads, in the same order, in `replay`.
  Values record(llvm::function_ref<void()> emit);
  void replay(mlir::ValueRange loaded, llvm::function_ref<void()> emit);
  /// Where a number of an output goes.
  mlir::FailureOr<mlir::Value> getPlace(const Output &output, mlir::Value token,
                                        mlir::Value column);
  /// A vector that lies in shared memory as well, at `shared`.
  void setVector(WeightAttr vector, mlir::Value shared) {
    vectors[vector.getSymbol()] = shared;
  }

  /// Computes what the norms and softmaxes among `ops` need of a token's row,
  /// in shared memory from `scratch` on, by rowThreads threads that synchronise
  /// with `sync`. `thread` is the number among these.
  void reduceRow(llvm::ArrayRef<mlir::Operation *> ops, mlir::Value token,
                 mlir::Value scratch, mlir::Value thread,
                 llvm::function_ref<void()> sync);
  /// The same by a warp, a lane of which has `columns` of the row, `together`
  /// from each on. What is reduced stays in registers.
  void reduceRow(llvm::ArrayRef<mlir::Operation *> ops, mlir::Value token,
                 mlir::ValueRange columns);
  /// How many numbers these are.
  static int64_t getKept(llvm::ArrayRef<mlir::Operation *> ops);
  /// Whether a warp can, and has to, reduce rows of so many columns, with the
  /// same bits.
  static bool fitsWarp(llvm::ArrayRef<mlir::Operation *> ops, int64_t columns);
  /// Bytes of the scratch memory.
  static int64_t getScratchBytes(llvm::ArrayRef<mlir::Operation *> ops);

  /// Computes something of each of `count` columns by rowThreads threads, and
  /// uses it: of eight at a time before the first is used, so that loads do not
  /// wait for each other.
  void forColumns(mlir::Value thread, int64_t count,
                  llvm::function_ref<Values(mlir::Value column)> compute,
                  llvm::function_ref<void(mlir::Value column, Values)> use);

  /// Writes what `get` has given of an output.
  mlir::LogicalResult store(const Output &output, mlir::ValueRange numbers,
                            mlir::Value token, mlir::Value column);

  /// A number of a weight matrix in any layout, f32; of a stack in that number
  /// `matrix`.
  mlir::Value getWeight(mlir::FlatSymbolRefAttr name,
                        mlir::RankedTensorType type, mlir::Value row,
                        mlir::Value column, mlir::Value matrix = {});
  /// Of f32 weights the numbers of that column in `count` rows, 4 or a
  /// multiple, of which `row` is one.
  Values getWeightRows(mlir::FlatSymbolRefAttr name,
                       mlir::RankedTensorType type, mlir::Value row,
                       mlir::Value column, int64_t count);
  /// Numbers of a vector.
  Values getWeight(WeightAttr vector, mlir::Value index, int64_t count);
  mlir::Value getWeight(WeightAttr vector, mlir::Value index) {
    return getWeight(vector, index, 1)[0];
  }

private:
  Values getArgument(mlir::BlockArgument argument, mlir::Value token,
                     mlir::Value column, int64_t count);
  Values compute(mlir::Operation *op, mlir::Value token, mlir::Value column,
                 int64_t count);
  Values rotate(RopeOp op, mlir::Value token, mlir::Value column,
                int64_t count);
  Values concat(ConcatOp op, mlir::Value token, mlir::Value column,
                int64_t count);
  Values sumChoices(SumOp op, mlir::Value token, mlir::Value column,
                    int64_t count);
  mlir::Value getFragment(mlir::RankedTensorType type, mlir::Value weight,
                          mlir::Value row, mlir::Value column);
  mlir::Value
  sumColumns(mlir::Value thread, int64_t count, double init,
             llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> add,
             llvm::function_ref<mlir::Value(mlir::Value)> load);
  void reduceWholeRow(mlir::Operation *op, mlir::Value token,
                      mlir::Value scratch, mlir::Value thread,
                      llvm::function_ref<void()> sync);
  void reduceHeads(mlir::Operation *op, mlir::Value token,
                   mlir::Value scalarsAt, mlir::Value thread,
                   llvm::function_ref<void()> sync);
  Values finish(mlir::Operation *op, Values numbers, mlir::Value column,
                mlir::Value firstScalar, mlir::Value secondScalar);
  void storeHalves(mlir::ValueRange numbers, mlir::Value place);
  mlir::FailureOr<mlir::Value>
  getCachePlace(const Output &output, mlir::Value token, mlir::Value column);
  /// `count` values that are loaded, see `record`.
  Values ahead(int64_t count, llvm::function_ref<Values()> load);

  KernelLowering &kernel;
  DeviceBuilder &b;
  llvm::DenseMap<mlir::Value, Source> sources;
  llvm::DenseMap<mlir::Attribute, mlir::Value> vectors;
  Values *recorded = nullptr;
  mlir::ValueRange *replayed = nullptr;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_ELEMENTS_H
