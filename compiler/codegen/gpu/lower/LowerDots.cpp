//===- LowerDots.cpp - Plain linear layers on a GPU -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The lanes of a warp share the columns of what linear layers multiply: each
// adds up every 32nd product, and their sums meet in a butterfly. Of few tokens
// a warp computes one number after the other, of many a tile of tokens and
// rows, whose weights and inputs it loads once, with the same bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Outputs that a block computes, for a warp one where tokens are few.
static constexpr int64_t manyColumns = 64, fewColumns = rowThreads / 32;
static constexpr int64_t fewTokens = 16;
/// Numbers of a row that a lane loads before it multiplies them.
static constexpr int64_t loadsAtOnce = 16;
/// A tile of a warp, whose lanes have two of its numbers each at last; and the
/// steps of 32 columns that it loads before it multiplies them.
static constexpr int64_t tileTokens = 8, tileColumns = 8, stepsAtOnce = 2;

namespace {
struct DotLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    return fitsTiles() ? emitTiles() : emitNumbers();
  }

  LogicalResult emitNumbers() {
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      SmallVector<Operation *> ops(llvm::make_pointer_range(
          kernel.getBody().front().without_terminator()));
      LogicalResult result = success();
      Value token = b.getBlock(), thread = b.getThread();
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
        elements.reduceRow(ops, token, scratch, thread, [&] { b.syncBlock(); });
        for (auto linear : kernel.getOps<LinearOp>())
          elements.set(linear.getResult(),
                       [&, linear](Value token, Value column) mutable {
                         return emitDot(elements, linear, token, column, lane);
                       });
        for (const Output &output : getOutputs(kernel)) {
          Value first = b.mul(b.getBlockY(), blockColumns);
          Value end = b.min(b.add(first, blockColumns), output.columns);
          b.forEach(
              b.add(first, warp), end, rowThreads / 32, [&](Value column) {
                Value number = elements.get(output.value, token, column);
                b.ifThen(b.equal(lane, 0), [&] {
                  if (failed(elements.store(output, number, token, column)))
                    result = failure();
                });
              });
        }
      });
      if (failed(result))
        return failure();
      return Launch{{getKernelTokens(kernel),
                     static_cast<int64_t>(llvm::divideCeil(most, blockColumns)),
                     1},
                    Elements::getScratchBytes(ops)};
    });
  }

  Value emitDot(Elements &elements, LinearOp linear, Value token, Value row,
                Value lane) {
    RankedTensorType weight = linear.getWeight().getType();
    int64_t rows = linear.getRows(), columns = linear.getColumns();
    Value matrix, first = b.i32(0); // and the input's first column
    Value biasAt = row;
    if (linear.isStack()) {
      Value choice = b.divide(row, rows);
      matrix = getChosenMatrix(linear, token, choice);
      row = b.remainder(row, rows);
      biasAt = b.add(b.mul(matrix, rows), row);
      if (linear.hasRowPerChoice())
        first = b.mul(choice, columns);
    }
    auto add = [&](Value k, Value sum, int64_t count) {
      SmallVector<std::pair<Value, Value>> factors;
      for (int64_t i = 0; i < count; ++i) {
        Value column = b.add(k, 32 * i);
        factors.emplace_back(
            elements.getWeight(linear.getWeight().getSymbol(), weight, row,
                               column, matrix),
            elements.get(linear.getInput(), token, b.add(first, column)));
      }
      for (auto [w, x] : factors)
        sum = b.fma(w, x, sum);
      return sum;
    };
    constexpr int64_t atOnce = 32 * loadsAtOnce;
    int64_t whole = columns / atOnce * atOnce;
    Values sum = b.forEach(lane, whole, atOnce, {b.f32(0)},
                           [&](Value k, Values sum) -> Values {
                             return {add(k, sum[0], loadsAtOnce)};
                           });
    sum = b.forEach(
        b.add(lane, whole), columns, 32, sum,
        [&](Value k, Values sum) -> Values { return {add(k, sum[0], 1)}; });
    Value dot =
        b.reduce(sum[0], 32, [&](Value x, Value y) { return b.addF(x, y); });
    return linear.getBias()
               ? b.addF(dot, elements.getWeight(*linear.getBias(), biasAt))
               : dot;
  }

  /// Whether many tokens share f32 weights, of which an output's number needs
  /// the row of its own column.
  bool fitsTiles() {
    return getKernelTokens(kernel) > fewTokens &&
           llvm::all_of(kernel.getBody().front().without_terminator(),
                        isNumberwise) &&
           llvm::all_of(kernel.getOps<LinearOp>(), [](LinearOp linear) {
             return !linear.isStack() &&
                    !isFragmentMatrix(linear.getWeight().getType());
           });
  }

  LogicalResult emitTiles() {
    auto body = [&]() -> FailureOr<Launch> {
      LogicalResult result = success();
      Value thread = b.getThread();
      Value warp = b.divide(thread, 32), lane = b.remainder(thread, 32);
      Value count = getCount();
      Value firstToken = b.mul(b.getBlock(), tileTokens);
      Value firstColumn = b.mul(
          b.add(b.mul(b.getBlockY(), rowThreads / 32), warp), tileColumns);
      b.waitForKernelBefore();
      Elements elements(*this);
      int64_t most = 1;
      for (const Output &output : getOutputs(kernel)) {
        most = std::max(most, output.columns);
        Value isThere = b.bitAnd(b.less(firstToken, count),
                                 b.less(firstColumn, output.columns));
        b.ifThen(isThere, [&] {
          if (failed(emitTile(elements, output, firstToken, firstColumn, count,
                              lane)))
            result = failure();
        });
      }
      if (failed(result))
        return failure();
      int64_t blockColumns = tileColumns * rowThreads / 32;
      return Launch{{static_cast<int64_t>(
                         llvm::divideCeil(getKernelTokens(kernel), tileTokens)),
                     static_cast<int64_t>(llvm::divideCeil(most, blockColumns)),
                     1}};
    };
    constexpr unsigned residentBlocks = 2; // as registers allow
    return emitFunction("", rowThreads, body, residentBlocks);
  }

  /// The tile of an output; lane l has columns 2 (l % 4) and the next one of
  /// token l / 4.
  LogicalResult emitTile(Elements &elements, const Output &output,
                         Value firstToken, Value firstColumn, Value count,
                         Value lane) {
    constexpr int64_t laneColumns = 2;
    constexpr int64_t tokenLanes = tileColumns / laneColumns;
    Value token = b.add(firstToken, b.divide(lane, tokenLanes));
    Value column =
        b.add(firstColumn, b.mul(b.remainder(lane, tokenLanes), laneColumns));
    DenseMap<Value, Values> sums;
    for (LinearOp linear : findLinears(output.value))
      sums[linear.getResult()] =
          multiplyTile(elements, linear, firstToken, firstColumn, count, lane);
    LogicalResult result = success();
    for (int64_t i = 0; i < laneColumns; ++i) {
      Value at = b.add(column, i);
      for (auto &[value, dots] : sums)
        elements.set(value, [&, value = value, dot = dots[i]](Value, Value) {
          auto linear = value.getDefiningOp<LinearOp>();
          return linear.getBias()
                     ? b.addF(dot, elements.getWeight(*linear.getBias(), at))
                     : dot;
        });
      b.ifThen(b.bitAnd(b.less(token, count), b.less(at, output.columns)), [&] {
        if (failed(elements.store(output, elements.get(output.value, token, at),
                                  token, at)))
          result = failure();
      });
    }
    return result;
  }

  /// The linear layers behind a value.
  static SetVector<LinearOp> findLinears(Value value) {
    SetVector<LinearOp> linears;
    SmallVector<Value> values{value};
    while (!values.empty()) {
      Operation *op = values.pop_back_val().getDefiningOp();
      if (auto linear = dyn_cast_or_null<LinearOp>(op))
        linears.insert(linear);
      else if (op)
        llvm::append_range(values, op->getOperands());
    }
    return linears;
  }

  /// The lane's two numbers of the tile.
  Values multiplyTile(Elements &elements, LinearOp linear, Value firstToken,
                      Value firstColumn, Value count, Value lane) {
    RankedTensorType weight = linear.getWeight().getType();
    int64_t columns = linear.getColumns();
    // Tokens that are not there are the last one.
    Values tokens;
    for (int64_t i = 0; i < tileTokens; ++i)
      tokens.push_back(b.min(b.add(firstToken, i), b.sub(count, 1)));
    auto add = [&](Value k, Values sums, int64_t steps) {
      SmallVector<Values> weights, inputs;
      for (int64_t step = 0; step < steps; ++step) {
        Value column = b.add(k, 32 * step);
        weights.push_back(elements.getWeightRows(linear.getWeight().getSymbol(),
                                                 weight, firstColumn, column,
                                                 tileColumns));
        inputs.emplace_back();
        for (Value token : tokens)
          inputs.back().push_back(
              elements.get(linear.getInput(), token, column));
      }
      for (auto [ws, xs] : llvm::zip_equal(weights, inputs))
        for (auto [t, x] : llvm::enumerate(xs))
          for (auto [r, w] : llvm::enumerate(ws)) {
            Value &sum = sums[t * tileColumns + r];
            sum = b.fma(w, x, sum);
          }
      return sums;
    };
    constexpr int64_t atOnce = 32 * stepsAtOnce;
    int64_t whole = columns / atOnce * atOnce;
    Values sums = b.forEach(
        lane, whole, atOnce, Values(tileTokens * tileColumns, b.f32(0)),
        [&](Value k, Values sums) { return add(k, sums, stepsAtOnce); });
    sums = b.forEach(b.add(lane, whole), columns, 32, sums,
                     [&](Value k, Values sums) { return add(k, sums, 1); });
    // Each step of the butterfly leaves a lane half of the numbers.
    for (unsigned distance = 16; distance; distance /= 2) {
      Value isUpper = b.notEqual(b.bitAnd(lane, distance), 0);
      size_t half = sums.size() / 2;
      for (size_t i = 0; i < half; ++i) {
        Value low = sums[i], high = sums[i + half];
        Value got = b.shuffleXor(b.select(isUpper, low, high), distance);
        sums[i] = b.addF(b.select(isUpper, high, low), got);
      }
      sums.truncate(half);
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
