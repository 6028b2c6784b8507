//===- ElementNorms.cpp - Norms and softmax of rows on a GPU --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What they need of a whole row is computed first, by all threads of a block,
// or of a head by a warp; then a number of the result is like any other.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static double getReal(Attribute number) {
  return cast<FloatAttr>(number).getValueAsDouble();
}

static RankedTensorType getRowType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Bytes of the sums of the warps.
static constexpr int64_t warpSumBytes = rowThreads / 32 * sizeof(float);

static bool isReduction(Operation *op) {
  return isa<NormInterface, L2NormOp, SoftmaxOp>(op);
}

/// What an op reduces of a token: its heads, or its row.
static NormShape getShape(Operation *op) {
  if (auto norm = dyn_cast<NormInterface>(op))
    return getNormShape(norm);
  RankedTensorType type = getRowType(op->getOperand(0));
  int64_t size = type.getShape().back();
  return {getElementsPerToken(type) / size, size};
}

static int64_t getGroups(Operation *op) { return getShape(op).groups; }

int64_t Elements::getScratchBytes(ArrayRef<Operation *> ops) {
  int64_t bytes = warpSumBytes;
  for (Operation *op : ops)
    if (isReduction(op))
      bytes += getGroups(op) * 2 * sizeof(float);
  return llvm::alignTo(bytes, 16);
}

namespace {
/// Adds up, or otherwise combines, the numbers of a group: by all threads of a
/// block, or by a warp. The order is fixed by the number of rowThreads.
using Reduce = function_ref<Value(
    double init, function_ref<Value(Value sum, Value number)> add,
    function_ref<Value(Value, Value)> combine)>;

/// What a row op needs of a group besides each number.
struct Scalars {
  Value first, second;
};
} // namespace

static Scalars getScalars(DeviceBuilder &b, Operation *op, int64_t size,
                          Reduce reduce) {
  auto sum = [&](Value x, Value y) { return b.addF(x, y); };
  auto root = [&](Value x) -> Value {
    return b.ptx("sqrt.rn.f32 $0, $1;", b.getF32Type(), x)[0];
  };
  if (isa<SoftmaxOp>(op)) {
    auto largest = [&](Value x, Value y) { return b.maxF(x, y); };
    Value most =
        reduce(-std::numeric_limits<float>::infinity(), largest, largest);
    Value total = reduce(
        0,
        [&](Value total, Value x) {
          return b.addF(total, b.exp(b.subF(x, most)));
        },
        sum);
    return {most, total};
  }
  Value mean;
  auto count = static_cast<double>(size);
  if (isa<LayerNormOp>(op))
    mean = b.divideF(reduce(0, sum, sum), count);
  Value squares = reduce(
      0,
      [&](Value total, Value x) {
        Value number = mean ? b.subF(x, mean) : x;
        return b.fma(number, number, total);
      },
      sum);
  if (auto norm = dyn_cast<NormInterface>(op)) {
    Value variance = b.divideF(squares, count);
    return {b.divideF(1.0, root(b.addF(variance, getReal(norm.getEps())))),
            mean};
  }
  return {b.maxF(root(squares), 1e-12), {}};
}

/// The op's results for numbers of its input, of a token's column on.
Values Elements::finish(Operation *op, Values numbers, Value column,
                        Value firstScalar, Value secondScalar) {
  int64_t elements = getElementsPerToken(getRowType(op->getOperand(0)));
  auto get = [&](std::optional<WeightAttr> vector) {
    if (!vector)
      return Values();
    int64_t length = vector->getType().getNumElements();
    return getWeight(*vector,
                     length == elements ? column : b.remainder(column, length),
                     numbers.size());
  };
  Values weights, biases;
  if (auto norm = dyn_cast<NormInterface>(op)) {
    weights = get(norm.getWeight());
    biases = get(norm.getBias());
  }
  for (auto [i, number] : llvm::enumerate(numbers)) {
    if (isa<NormInterface>(op)) {
      if (secondScalar)
        number = b.subF(number, secondScalar);
      number = b.mulF(number, firstScalar);
      if (!weights.empty())
        number = b.mulF(number, weights[i]);
      if (!biases.empty())
        number = b.addF(number, biases[i]);
    } else if (isa<SoftmaxOp>(op)) {
      number = b.divideF(b.exp(b.subF(number, firstScalar)), secondScalar);
    } else {
      number = b.divideF(number, firstScalar);
    }
  }
  return numbers;
}

/// Of columns `thread`, `thread` + rowThreads and so on, in rising order; eight
/// are loaded at once.
Value Elements::sumColumns(Value thread, int64_t count, double init,
                           function_ref<Value(Value, Value)> add,
                           function_ref<Value(Value)> load) {
  constexpr int64_t atOnce = 8;
  int64_t turns = count / rowThreads, rest = count % rowThreads;
  Value sum = b.f32(init);
  auto run = [&](Value first, int64_t turns, Value sum) {
    Values numbers;
    for (int64_t i = 0; i < turns; ++i)
      numbers.push_back(load(b.add(first, i * rowThreads)));
    for (Value number : numbers)
      sum = add(sum, number);
    return sum;
  };
  if (int64_t chunks = turns / atOnce)
    sum = b.forEach(thread, b.i32(chunks * atOnce * rowThreads),
                    atOnce * rowThreads, {sum}, [&](Value first, Values sum) {
                      return Values{run(first, atOnce, sum[0])};
                    })[0];
  Value first = b.add(thread, turns / atOnce * atOnce * rowThreads);
  if (turns % atOnce)
    sum = run(first, turns % atOnce, sum);
  if (!rest)
    return sum;
  Value last = b.add(thread, turns * rowThreads);
  return b.choose(
      b.less(last, count), [&] { return Values{run(last, 1, sum)}; },
      [&] { return Values{sum}; })[0];
}

void Elements::reduceWholeRow(Operation *op, Value token, Value scratch,
                              Value thread, function_ref<void()> sync) {
  Value input = op->getOperand(0);
  int64_t size = getElementsPerToken(getRowType(input));
  auto reduce = [&](double init, function_ref<Value(Value, Value)> add,
                    function_ref<Value(Value, Value)> combine) {
    Value inWarp = b.reduce(
        sumColumns(thread, size, init, add,
                   [&](Value column) { return get(input, token, column); }),
        32, combine);
    Value warp = b.divide(thread, 32);
    b.ifThen(b.equal(b.remainder(thread, 32), 0), [&] {
      b.store(inWarp, b.at(scratch, b.mul(warp, sizeof(float))));
    });
    sync();
    Values parts = b.loadVector(b.getF32Type(), 4, scratch);
    llvm::append_range(parts,
                       b.loadVector(b.getF32Type(), 4, b.at(scratch, 16)));
    Value total = parts[0];
    for (Value part : llvm::drop_begin(parts))
      total = combine(total, part);
    sync();
    return total;
  };
  Scalars scalars = getScalars(b, op, size, reduce);
  set(op->getResult(0), [=, this](Value token, Value column, int64_t count) {
    return finish(op, get(input, token, column, count), column, scalars.first,
                  scalars.second);
  });
}

/// `numbers` are a lane's: four columns of every 128. Of the rowThreads threads
/// that add up a row otherwise the lane stands for eight, four neighbours in
/// each of two warps, and adds up in their order.
static Value reduceInWarp(DeviceBuilder &b, ArrayRef<Values> numbers,
                          double init, function_ref<Value(Value, Value)> add,
                          function_ref<Value(Value, Value)> combine) {
  constexpr int64_t together = Elements::together;
  constexpr int64_t turnRows = rowThreads / (32 * together);
  constexpr int64_t warpLanes = 32 / together; // that have numbers of one warp
  std::array<Value, turnRows> sums;
  for (int64_t row = 0; row < turnRows; ++row) {
    Values lanes(together, b.f32(init));
    for (size_t i = row; i < numbers.size(); i += turnRows)
      for (auto [sum, number] : llvm::zip_equal(lanes, numbers[i]))
        sum = add(sum, number);
    for (Value &sum : lanes)
      sum = b.reduce(sum, warpLanes, combine);
    sums[row] =
        combine(combine(lanes[0], lanes[2]), combine(lanes[1], lanes[3]));
  }
  Value total;
  for (Value sum : sums)
    for (int64_t lane = 0; lane < 32; lane += warpLanes) {
      Value part = b.shuffle(sum, lane);
      total = total ? combine(total, part) : part;
    }
  return total;
}

int64_t Elements::getKept(ArrayRef<Operation *> ops) {
  int64_t kept = 0;
  for (Operation *op : ops)
    if (isReduction(op))
      kept += getElementsPerToken(getRowType(op->getOperand(0)));
  return kept;
}

bool Elements::fitsWarp(ArrayRef<Operation *> ops, int64_t columns) {
  constexpr int64_t mostKept = 4096;
  int64_t kept = getKept(ops);
  auto fits = [&](Operation *op) {
    if (isReduction(op))
      return getGroups(op) == 1 && getShape(op).size == columns;
    // These ask for numbers of other columns, or for many that are converted.
    return !isa<RopeOp, ConcatOp, SumOp, EmbedOp>(op);
  };
  return kept > 0 && kept <= mostKept && columns % rowThreads == 0 &&
         llvm::all_of(ops, fits);
}

void Elements::reduceRow(ArrayRef<Operation *> ops, Value token,
                         ValueRange columns) {
  for (Operation *op : ops) {
    if (!isReduction(op))
      continue;
    Value input = op->getOperand(0);
    int64_t size = getElementsPerToken(getRowType(input));
    SmallVector<Values> numbers;
    llvm::SmallDenseMap<Value, Values> kept;
    for (Value column : columns) {
      numbers.push_back(get(input, token, column, together));
      kept[column] = numbers.back();
    }
    set(input,
        [kept](Value, Value column, int64_t) { return kept.lookup(column); });
    auto reduce = [&](double init, function_ref<Value(Value, Value)> add,
                      function_ref<Value(Value, Value)> combine) {
      return reduceInWarp(b, numbers, init, add, combine);
    };
    Scalars scalars = getScalars(b, op, size, reduce);
    set(op->getResult(0), [=, this](Value token, Value column, int64_t count) {
      return finish(op, get(input, token, column, count), column, scalars.first,
                    scalars.second);
    });
  }
}

/// A warp for each head in turn.
void Elements::reduceHeads(Operation *op, Value token, Value scalarsAt,
                           Value thread, function_ref<void()> sync) {
  Value input = op->getOperand(0);
  int64_t size = getShape(op).size;
  Value lane = b.remainder(thread, 32);
  b.forEach(
      b.divide(thread, 32), getGroups(op), rowThreads / 32, [&](Value head) {
        auto reduce = [&](double init, function_ref<Value(Value, Value)> add,
                          function_ref<Value(Value, Value)> combine) {
          Values sum = b.forEach(
              lane, size, 32, {b.f32(init)}, [&](Value i, Values sum) {
                Value column = b.add(b.mul(head, size), i);
                return Values{add(sum[0], get(input, token, column))};
              });
          return b.reduce(sum[0], 32, combine);
        };
        Scalars scalars = getScalars(b, op, size, reduce);
        b.ifThen(b.equal(lane, 0), [&] {
          Value place = b.at(scalarsAt, b.mul(head, 2 * sizeof(float)));
          b.store(scalars.first, place);
          if (scalars.second)
            b.store(scalars.second, b.at(place, sizeof(float)));
        });
      });
  sync();
  set(op->getResult(0), [=, this](Value token, Value column, int64_t count) {
    Value place =
        b.at(scalarsAt, b.mul(b.divide(column, size), 2 * sizeof(float)));
    Value first = b.load(b.getF32Type(), place);
    Value second = isa<SoftmaxOp, LayerNormOp>(op)
                       ? b.load(b.getF32Type(), b.at(place, sizeof(float)))
                       : Value();
    return finish(op, get(input, token, column, count), column, first, second);
  });
}

void Elements::reduceRow(ArrayRef<Operation *> ops, Value token, Value scratch,
                         Value thread, function_ref<void()> sync) {
  int64_t used = warpSumBytes;
  for (Operation *op : ops) {
    if (!isReduction(op))
      continue;
    RankedTensorType type = getRowType(op->getOperand(0));
    if (type.getRank() == 3 && getShape(op).size == type.getDimSize(2))
      reduceHeads(op, token, b.at(scratch, used), thread, sync);
    else
      reduceWholeRow(op, token, scratch, thread, sync);
    used += getGroups(op) * 2 * static_cast<int64_t>(sizeof(float));
  }
}
