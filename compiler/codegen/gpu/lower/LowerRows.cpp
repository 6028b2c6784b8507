//===- LowerRows.cpp - Rows of tokens on a GPU ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
/// A block or a warp for each token: what its norms need first, then every
/// number of the outputs by itself.
struct RowLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  /// How many numbers a thread takes at once: all rows, and their heads, are of
  /// a multiple.
  static int64_t countTogether(ArrayRef<Operation *> ops) {
    auto isMultiple = [](Value value) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() == 1)
        return true;
      // Angles are a row, whatever a pair of them is.
      bool isRow = type.getRank() == 3 && type.getDimSize(2) == 2;
      return (isRow ? getElementsPerToken(type) : type.getShape().back()) %
                 Elements::together ==
             0;
    };
    // The weights of choices are taken one by one.
    auto areMultiples = [&](Operation *op) {
      return llvm::all_of(isa<SumOp>(op) ? op->getOperands().take_front()
                                         : op->getOperands(),
                          isMultiple) &&
             llvm::all_of(op->getResults(), isMultiple);
    };
    return llvm::all_of(ops, areMultiples) ? Elements::together : 1;
  }

  /// What a warp takes at once.
  static constexpr int64_t warpColumns = 32 * Elements::together;

  /// Whether norms make it worth to take a token by a warp: of few tokens there
  /// would be too few warps.
  bool fitsWarps(ArrayRef<Operation *> ops) {
    constexpr int64_t fewTokens = 16;
    SmallVector<Output> outputs = getOutputs(kernel);
    int64_t columns = outputs.front().columns;
    return getKernelTokens(kernel) > fewTokens &&
           countTogether(ops) == Elements::together &&
           llvm::all_of(outputs,
                        [&](const Output &output) {
                          return output.columns == columns;
                        }) &&
           Elements::fitsWarp(ops, columns);
  }

  LogicalResult emit() final {
    SmallVector<Operation *> ops(llvm::make_pointer_range(
        kernel.getBody().front().without_terminator()));
    return fitsWarps(ops) ? emitWarps(ops) : emitBlocks(ops);
  }

  LogicalResult emitBlocks(ArrayRef<Operation *> ops) {
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      LogicalResult result = success();
      Value token = b.getBlock(), thread = b.getThread();
      Value scratch = b.getSharedMemory();
      Value count = getCount();
      b.waitForKernelBefore();
      Elements elements(*this);
      b.ifThen(b.less(token, count), [&] {
        elements.reduceRow(ops, token, scratch, thread, [&] { b.syncBlock(); });
        int64_t atOnce = countTogether(ops);
        for (const Output &output : getOutputs(kernel))
          elements.forColumns(
              thread, output.columns / atOnce,
              [&](Value number) {
                return elements.get(output.value, token, b.mul(number, atOnce),
                                    atOnce);
              },
              [&](Value number, Values numbers) {
                if (failed(elements.store(output, numbers, token,
                                          b.mul(number, atOnce))))
                  result = failure();
              });
      });
      if (failed(result))
        return failure();
      return Launch{{getKernelTokens(kernel), 1, 1},
                    Elements::getScratchBytes(ops)};
    });
  }

  /// A warp for each token, which loads all it needs before it stores.
  LogicalResult emitWarps(ArrayRef<Operation *> ops) {
    int64_t tokens = getKernelTokens(kernel);
    int64_t rows =
        std::clamp<int64_t>(tokens / getChip(gpu).multiprocessors, 1, mostRows);
    // Of a multiprocessor: what norms keep of longer rows needs more registers.
    int64_t warps = Elements::getKept(ops) > 2048 ? 8 : 16;
    return emitFunction(
        "", rows * 32,
        [&]() -> FailureOr<Launch> {
          LogicalResult result = success();
          Value thread = b.getThread();
          Value token = b.add(b.mul(b.getBlock(), rows), b.divide(thread, 32));
          Value count = getCount();
          b.waitForKernelBefore();
          b.ifThen(b.less(token, count),
                   [&] { result = emitWarp(ops, token, thread); });
          if (failed(result))
            return failure();
          return Launch{
              {static_cast<int64_t>(llvm::divideCeil(tokens, rows)), 1, 1}, 0};
        },
        warps / rows);
  }

  LogicalResult emitWarp(ArrayRef<Operation *> ops, Value token, Value thread) {
    SmallVector<Output> outputs = getOutputs(kernel);
    Values columns;
    for (int64_t column = 0; column < outputs.front().columns;
         column += warpColumns)
      columns.push_back(
          b.add(b.mul(b.remainder(thread, 32), Elements::together), column));
    Elements elements(*this);
    elements.reduceRow(ops, token, columns);
    // As many at once as what norms keep leaves registers for.
    constexpr size_t atOnce = 8;
    for (const Output &output : outputs)
      for (size_t first = 0; first < columns.size(); first += atOnce) {
        SmallVector<Values> computed;
        ValueRange some = ValueRange(columns).slice(
            first, std::min(atOnce, columns.size() - first));
        for (Value column : some)
          computed.push_back(
              elements.get(output.value, token, column, Elements::together));
        for (auto [column, numbers] : llvm::zip_equal(some, computed))
          if (failed(elements.store(output, numbers, token, column)))
            return failure();
      }
    return success();
  }

  static constexpr int64_t mostRows = 4; // of a block
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createRowLowering(KernelOp kernel, GpuAttr gpu,
                              mlir::gpu::GPUModuleOp device) {
  return std::make_unique<RowLowering>(kernel, gpu, device);
}
