//===- LowerDots.cpp - Plain linear layers on a GPU -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Outputs that a block computes, for a warp one where tokens are few.
static constexpr int64_t manyColumns = 64, fewColumns = rowThreads / 32;
static constexpr int64_t fewTokens = 16;
/// Numbers of a row that a lane loads before it multiplies them; of several
/// tokens fewer.
static constexpr int64_t loadsAtOnce = 16, loadsOfSeveral = 4;
/// Tokens of a long step that a block multiplies the same weights with.
static constexpr int64_t tokensTogether = 8;

namespace {
/// A warp computes a number of an output: its lanes share the columns of the
/// linear layers that it needs.
struct DotLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      SmallVector<Operation *> ops(llvm::make_pointer_range(
          kernel.getBody().front().without_terminator()));
      LogicalResult result = success();
      int64_t together = countTogether(ops);
      Value token = b.mul(b.getBlock(), together), thread = b.getThread();
      Value warp = b.divide(thread, 32), lane = b.remainder(thread, 32);
      Value scratch = b.getSharedMemory();
      Value count = getCount();
      b.waitForKernelBefore();
      Elements elements(*this);
      int64_t most = 1;
      for (const Output &output : getOutputs(kernel))
        most = std::max(most, output.columns);
      constexpr int64_t maxBlocksY = 65535;
      bool isFew = getKernelTokens(kernel) <= fewTokens &&
                   most <= maxBlocksY * fewColumns;
      int64_t blockColumns = isFew ? fewColumns : manyColumns;
      b.ifThen(b.less(token, count), [&] {
        if (together == 1)
          elements.reduceRow(ops, token, scratch, thread,
                             [&] { b.syncBlock(); });
        // Those behind the last are the last.
        Values tokens;
        for (int64_t i = 0; i < together; ++i)
          tokens.push_back(b.min(b.add(token, i), b.sub(count, 1)));
        auto emitNumbers = [&](const Output &output, Value column) -> Values {
          if (together > 1)
            return emitDots(elements, output.value.getDefiningOp<LinearOp>(),
                            tokens, column, lane);
          return {elements.get(output.value, token, column)};
        };
        for (auto linear : kernel.getOps<LinearOp>())
          elements.set(linear.getResult(), [&, linear](Value token,
                                                       Value column) mutable {
            return emitDots(elements, linear, token, column, lane)[0];
          });
        for (const Output &output : getOutputs(kernel)) {
          Value first = b.mul(b.getBlockY(), blockColumns);
          Value end = b.min(b.add(first, blockColumns), output.columns);
          b.forEach(
              b.add(first, warp), end, rowThreads / 32, [&](Value column) {
                Values numbers = emitNumbers(output, column);
                b.ifThen(b.equal(lane, 0), [&] {
                  for (auto [token, number] :
                       llvm::zip_equal(ArrayRef(tokens), ArrayRef(numbers)))
                    if (failed(elements.store(output, number, token, column)))
                      result = failure();
                });
              });
        }
      });
      if (failed(result))
        return failure();
      return Launch{{static_cast<int64_t>(
                         llvm::divideCeil(getKernelTokens(kernel), together)),
                     static_cast<int64_t>(llvm::divideCeil(most, blockColumns)),
                     1},
                    Elements::getScratchBytes(ops)};
    });
  }

  /// Several where nothing but products is computed, of the same weights.
  int64_t countTogether(ArrayRef<Operation *> ops) {
    bool isPlain = getKernelTokens(kernel) > fewTokens &&
                   !Elements::getScratchBytes(ops) &&
                   llvm::all_of(getOutputs(kernel), [](const Output &output) {
                     auto linear = output.value.getDefiningOp<LinearOp>();
                     return linear && !linear.getIds();
                   });
    return isPlain ? tokensTogether : 1;
  }

  /// The numbers of a row of the weights, of each token.
  Values emitDots(Elements &elements, LinearOp linear, ValueRange tokens,
                  Value row, Value lane) {
    RankedTensorType weight = linear.getWeight().getType();
    int64_t rows = linear.getRows(), columns = linear.getColumns();
    Value matrix, first = b.i32(0); // and the input's first column
    Value biasAt = row;
    if (Value ids = linear.getIds()) {
      Value choice = b.divide(row, rows);
      matrix = getChosen(ids, tokens[0], choice);
      row = b.remainder(row, rows);
      biasAt = b.add(b.mul(matrix, rows), row);
      if (linear.hasRowPerChoice())
        first = b.mul(choice, columns);
    }
    auto add = [&](Value k, Values sums, int64_t count) {
      Values weights, inputs;
      for (int64_t i = 0; i < count; ++i) {
        Value column = b.add(k, 32 * i);
        weights.push_back(elements.getWeight(linear.getWeight().getSymbol(),
                                             weight, row, column, matrix));
        for (Value token : tokens)
          inputs.push_back(
              elements.get(linear.getInput(), token, b.add(first, column)));
      }
      for (auto [i, input] : llvm::enumerate(inputs)) {
        Value &sum = sums[i % sums.size()];
        sum = b.fma(weights[i / sums.size()], input, sum);
      }
      return sums;
    };
    int64_t loads = tokens.size() > 1 ? loadsOfSeveral : loadsAtOnce;
    int64_t atOnce = 32 * loads, whole = columns / atOnce * atOnce;
    Values sums(tokens.size(), b.f32(0));
    sums = b.forEach(lane, whole, atOnce, sums,
                     [&](Value k, Values sums) { return add(k, sums, loads); });
    sums = b.forEach(b.add(lane, whole), columns, 32, sums,
                     [&](Value k, Values sums) { return add(k, sums, 1); });
    for (Value &sum : sums) {
      sum = b.reduce(sum, 32, [&](Value x, Value y) { return b.addF(x, y); });
      if (linear.getBias())
        sum = b.addF(sum, elements.getWeight(*linear.getBias(), biasAt));
    }
    return sums;
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createDotLowering(KernelOp kernel, GpuAttr gpu,
                              mlir::gpu::GPUModuleOp device) {
  return std::make_unique<DotLowering>(kernel, gpu, device);
}
