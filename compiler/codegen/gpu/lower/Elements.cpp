//===- Elements.cpp - Numbers of a kernel's values, one at a time ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/Elements.h"
#include "compiler/codegen/gpu/lower/Attention.h"
#include "dialect/CacheFormat.h"
#include "dialect/PackedLayout.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static double getReal(Attribute number) {
  return cast<FloatAttr>(number).getValueAsDouble();
}

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

SmallVector<Output> quipu::gpu::getOutputs(KernelOp kernel) {
  SmallVector<Output> outputs;
  Operation *yield = kernel.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
    if (auto write = value.getDefiningOp<CacheWriteOp>()) {
      for (Value part : {write.getKey(), write.getValue()})
        outputs.push_back({part, getElementsPerToken(getTensor(part)), -1,
                           write, part == write.getKey()});
      continue;
    }
    outputs.push_back({value, getElementsPerToken(getTensor(value)),
                       static_cast<int64_t>(i), CacheWriteOp()});
  }
  return outputs;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

Value Elements::ahead(function_ref<Value()> load) {
  if (replayed) {
    Value value = replayed->front();
    *replayed = replayed->drop_front();
    return value;
  }
  Value value = load();
  if (recorded)
    recorded->push_back(value);
  return value;
}

Values Elements::record(function_ref<void()> emit) {
  Values loaded;
  recorded = &loaded;
  emit();
  recorded = nullptr;
  return loaded;
}

void Elements::replay(ValueRange loaded, function_ref<void()> emit) {
  replayed = &loaded;
  emit();
  replayed = nullptr;
}

Value Elements::getWeight(WeightAttr vector, Value index) {
  if (auto shared = vectors.find(vector.getSymbol()); shared != vectors.end())
    return b.load(b.getF32Type(),
                  b.at(shared->second, b.mul(index, sizeof(float))));
  return ahead([&] {
    return b.loadConstant(b.getF32Type(),
                          b.at(kernel.getWeight(vector.getSymbol()),
                               b.mul(index, sizeof(float))));
  });
}

/// An f16, given as its bits.
static Value extendHalf(DeviceBuilder &b, Value bits) {
  return b.unpack(Half::F16, arith::ExtUIOp::create(b, b.getI32Type(), bits))
      .first;
}

/// The nearest f16, or the largest one.
static Value roundToHalf(DeviceBuilder &b, Value x) {
  Value limited = b.limitToHalf(x);
  return b.unpack(Half::F16, b.pack(Half::F16, limited, limited)).first;
}

/// The row of `#quipu.rows16` in f32: [k][16 rows] of each tile.
static Value getRowsPlace(DeviceBuilder &b, const WeightLayout &layout,
                          Value weight, Value row, Value column) {
  Value tile =
      b.mul(b.extend(b.divide(row, tileRows)), b.i64(layout.tileBytes()));
  Value number = b.add(b.mul(column, tileRows), b.remainder(row, tileRows));
  return b.at(b.at(weight, tile), b.mul(number, sizeof(float)));
}

Value Elements::getWeight(FlatSymbolRefAttr name, RankedTensorType type,
                          Value row, Value column) {
  Value weight = kernel.getWeight(name);
  if (isFragmentMatrix(type))
    return getFragment(type, weight, row, column);
  return b.loadConstant(b.getF32Type(), getRowsPlace(b, *getWeightLayout(type),
                                                     weight, row, column));
}

/// See weights/FragmentLayout.h.
Value Elements::getFragment(RankedTensorType type, Value weight, Value row,
                            Value column) {
  FragmentLayout layout = *getFragmentLayout(type);
  FragmentCodes codes = layout.codes();
  int64_t last = layout.slots() - 1;
  Value slot = b.divide(column, FragmentLayout::slotColumns);
  Value inSlot = b.remainder(column, FragmentLayout::slotColumns);
  Value tile = b.mul(b.extend(b.divide(row, FragmentLayout::tileRows)),
                     b.i64(layout.tileBytes()));
  Value lane = b.remainder(row, FragmentLayout::tileRows);
  Value start = b.at(b.at(weight, tile),
                     b.mul(slot, static_cast<int32_t>(layout.fullSlotBytes())));

  // Column 16 h + 8 i + 2 q + e of a block is element e of pair 2 h + i of lane
  // 4 * row + q.
  Value block = b.divide(inSlot, FragmentCodes::blockColumns);
  Value inBlock = b.remainder(inSlot, FragmentCodes::blockColumns);
  Value pair = b.divide(inBlock, 8);
  Value q = b.divide(b.remainder(inBlock, 8), 2);
  Value element = b.remainder(inBlock, 2);
  Value place = b.add(b.mul(block, codes.blockBytes()),
                      b.mul(b.add(b.mul(lane, 4), q), codes.laneBytes()));
  if (codes.bits == 16) {
    Value word = b.load(
        b.getI16Type(),
        b.at(start, b.add(place, b.mul(b.add(b.mul(pair, 2), element), 2))));
    return extendHalf(b, word);
  }
  Value code;
  if (codes.bits == 8) {
    Value byte =
        b.load(b.getI8Type(),
               b.at(start, b.add(place, b.add(b.mul(pair, 2), element))));
    code = arith::ExtUIOp::create(b, b.getI32Type(), byte);
  } else {
    Value word = b.load(b.getI32Type(), b.at(start, place));
    Value shift = b.add(b.mul(pair, 4), b.mul(element, 16));
    code = b.bitAnd(b.shiftRight(word, shift), 15);
  }
  Value number = b.toFloat(b.sub(code, codes.offset));
  auto loadScale = [&](auto offset) {
    auto at = [&](int64_t slot) {
      return static_cast<int32_t>(offset(layout.columnsOfSlot(slot)));
    };
    Value first = b.select(b.equal(slot, last), b.i32(at(last)), b.i32(at(0)));
    Value group = b.divide(inSlot, codes.groupElements);
    Value scale =
        b.load(b.getI16Type(),
               b.at(start, b.add(first, b.add(b.mul(group, codes.groupBytes()),
                                              b.mul(lane, 2)))));
    return extendHalf(b, scale);
  };
  Value scale =
      loadScale([&](int64_t columns) { return codes.scalesOffset(columns); });
  Value minimum = codes.hasMinima ? loadScale([&](int64_t columns) {
    return codes.minimaOffset(columns);
  })
                                  : b.f32(0);
  // The one rounding that tensor cores' kernels make.
  Value exact =
      codes.hasMinima ? b.fma(scale, number, minimum) : b.mulF(scale, number);
  return roundToHalf(b, exact);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static Value expF(DeviceBuilder &b, Value x) {
  return b.exp2(b.mulF(x, 1.44269504088896));
}

static Value sigmoid(DeviceBuilder &b, Value x) {
  return b.divideF(1.0, b.addF(1.0, expF(b, b.negF(x))));
}

/// 1 - 2 / (1 + e^2x): right where e^2x is 0 or infinite, too.
static Value tanhF(DeviceBuilder &b, Value x) {
  return b.subF(1.0, b.divideF(2.0, b.addF(1.0, expF(b, b.mulF(x, 2.0)))));
}

/// Abramowitz & Stegun 1964, 7.1.26: to 1.5e-7.
static Value erfF(DeviceBuilder &b, Value x) {
  Value size = b.maxF(x, b.negF(x));
  Value t = b.divideF(1.0, b.fma(size, b.f32(0.3275911), b.f32(1.0)));
  Value sum = b.f32(1.061405429);
  for (double factor : {-1.453152027, 1.421413741, -0.284496736, 0.254829592})
    sum = b.fma(sum, t, b.f32(factor));
  Value rest = b.mulF(b.mulF(sum, t), expF(b, b.negF(b.mulF(size, size))));
  Value erf = b.subF(1.0, rest);
  return b.select(b.lessF(x, 0.0), b.negF(erf), erf);
}

static Value activate(DeviceBuilder &b, ActivationKind kind, Value x) {
  switch (kind) {
  case ActivationKind::Silu:
    return b.mulF(x, sigmoid(b, x));
  case ActivationKind::Gelu:
    return b.mulF(b.mulF(x, 0.5),
                  b.addF(1.0, erfF(b, b.mulF(x, 0.70710678118655))));
  case ActivationKind::GeluTanh: {
    Value cube = b.mulF(b.mulF(x, x), x);
    Value inner = b.mulF(b.fma(cube, b.f32(0.044715), x), 0.79788456080287);
    return b.mulF(b.mulF(x, 0.5), b.addF(1.0, tanhF(b, inner)));
  }
  case ActivationKind::Relu:
    return b.maxF(x, 0.0);
  case ActivationKind::Sigmoid:
    return sigmoid(b, x);
  case ActivationKind::Tanh:
    return tanhF(b, x);
  }
  llvm_unreachable("an unknown activation");
}

Value Elements::get(Value value, Value token, Value column) {
  if (auto source = sources.find(value); source != sources.end()) {
    Source compute = source->second;
    return compute(token, column);
  }
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getArgument(argument, token, column);
  return compute(value.getDefiningOp(), token, column);
}

Value Elements::getArgument(BlockArgument argument, Value token, Value column) {
  RankedTensorType type = getTensor(argument);
  Value row = b.at(kernel.getOperand(argument),
                   b.mul(b.extend(token), b.i64(getRowBytes(type))));
  if (type.getElementType().isF16())
    return extendHalf(b, ahead([&] {
                        return b.load(b.getI16Type(),
                                      b.at(row, b.mul(column, 2)));
                      }));
  return ahead([&] {
    return b.load(type.getElementType(), b.at(row, b.mul(column, 4)));
  });
}

/// The id or index of a token: inputs of one i32 a token lie without gaps.
static Value getIndex(KernelLowering &kernel, Value indices, Value token) {
  DeviceBuilder &b = kernel.builder();
  return b.load(b.getI32Type(),
                b.at(kernel.getOperand(cast<BlockArgument>(indices)),
                     b.mul(token, sizeof(int32_t))));
}

Value Elements::rotate(RopeOp op, Value token, Value column) {
  int64_t size = getTensor(op.getInput()).getDimSize(2);
  int64_t half = getTensor(op.getAngles()).getDimSize(1);
  Value component = b.remainder(column, size);
  Value x = get(op.getInput(), token, column);
  auto turn = [&] {
    bool isAdjacent = op.getPairs() == Pairing::Adjacent;
    Value isFirst = isAdjacent ? b.equal(b.remainder(component, 2), 0)
                               : b.less(component, half);
    Value partner = isAdjacent ? b.bitXor(column, 1)
                               : b.select(isFirst, b.add(column, half),
                                          b.sub(column, half));
    Value angle =
        isAdjacent ? b.divide(component, 2) : b.remainder(component, half);
    Value y = get(op.getInput(), token, partner);
    Value cosine = get(op.getAngles(), token, b.mul(angle, 2));
    Value sine = get(op.getAngles(), token, b.add(b.mul(angle, 2), 1));
    Value product = b.mulF(y, sine);
    return b.fma(x, cosine, b.select(isFirst, b.negF(product), product));
  };
  if (2 * half == size)
    return turn();
  return b.choose(
      b.less(component, 2 * half), [&] { return Values{turn()}; },
      [&] { return Values{x}; })[0];
}

Value Elements::compute(Operation *op, Value token, Value column) {
  auto first = [&] { return get(op->getOperand(0), token, column); };
  auto second = [&] { return get(op->getOperand(1), token, column); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](EmbedOp op) {
        return getWeight(op.getWeight().getSymbol(), op.getWeight().getType(),
                         getIndex(kernel, op.getIds(), token), column);
      })
      .Case([&](GatherOp op) {
        return get(op.getInput(), getIndex(kernel, op.getRows(), token),
                   column);
      })
      .Case([&](QuantizeOp) { return roundToHalf(b, first()); })
      .Case([&](RopeOp op) { return rotate(op, token, column); })
      .Case([&](SwiGLUOp) {
        Value gate = first();
        return b.mulF(b.mulF(gate, sigmoid(b, gate)), second());
      })
      .Case([&](AddOp) { return b.addF(first(), second()); })
      .Case([&](MulOp) { return b.mulF(first(), second()); })
      .Case(
          [&](ScaleOp op) { return b.mulF(first(), getReal(op.getFactor())); })
      .Case([&](ActivateOp op) { return activate(b, op.getKind(), first()); })
      .Default([&](Operation *op) {
        // What the kinds of kernels refuse, see KernelLowering::create.
        op->emitOpError("has no code for single numbers on a GPU");
        return b.f32(0);
      });
}

void Elements::forColumns(Value thread, int64_t count,
                          function_ref<Values(Value)> compute,
                          function_ref<void(Value, Values)> use) {
  constexpr int64_t atOnce = 8;
  auto run = [&](Value first, int64_t turns) {
    Values columns;
    SmallVector<Values> computed;
    for (int64_t i = 0; i < turns; ++i) {
      columns.push_back(b.add(first, i * rowThreads));
      computed.push_back(compute(columns.back()));
    }
    for (auto [column, numbers] : llvm::zip_equal(columns, computed))
      use(column, numbers);
  };
  int64_t turns = count / rowThreads, chunks = turns / atOnce;
  if (chunks == 1)
    run(thread, atOnce);
  else if (chunks)
    b.forEach(thread, b.i32(chunks * atOnce * rowThreads), atOnce * rowThreads,
              [&](Value first) { run(first, atOnce); });
  Value rest = b.add(thread, chunks * atOnce * rowThreads);
  if (turns % atOnce)
    run(rest, turns % atOnce);
  Value last = b.add(thread, turns * rowThreads);
  if (count % rowThreads)
    b.ifThen(b.less(last, count), [&] { run(last, 1); });
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// Bytes of the sums of the warps.
static constexpr int64_t warpSumBytes = rowThreads / 32 * sizeof(float);

static bool isReduction(Operation *op) {
  return isa<RMSNormOp, L2NormOp, SoftmaxOp>(op);
}

/// Rows of a token that an op reduces: its heads, or one.
static int64_t getGroups(Operation *op) {
  RankedTensorType type = getTensor(op->getOperand(0));
  return type.getRank() == 3 ? type.getDimSize(1) : 1;
}

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
          return b.addF(total, expF(b, b.subF(x, most)));
        },
        sum);
    return {most, total};
  }
  Value squares =
      reduce(0, [&](Value total, Value x) { return b.fma(x, x, total); }, sum);
  if (auto norm = dyn_cast<RMSNormOp>(op)) {
    Value mean = b.divideF(squares, static_cast<double>(size));
    return {b.divideF(1.0, root(b.addF(mean, getReal(norm.getEps())))), {}};
  }
  return {b.maxF(root(squares), 1e-12), {}};
}

/// The op's result for a number of its input.
Value Elements::finish(Operation *op, Value number, Value index,
                       Value firstScalar, Value secondScalar) {
  if (auto norm = dyn_cast<RMSNormOp>(op))
    return b.mulF(b.mulF(number, firstScalar),
                  getWeight(norm.getWeight(), index));
  if (isa<SoftmaxOp>(op))
    return b.divideF(expF(b, b.subF(number, firstScalar)), secondScalar);
  return b.divideF(number, firstScalar);
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
  int64_t size = getElementsPerToken(getTensor(input));
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
  set(op->getResult(0), [=, this](Value token, Value column) {
    return finish(op, get(input, token, column), column, scalars.first,
                  scalars.second);
  });
}

/// A warp for each head in turn.
void Elements::reduceHeads(Operation *op, Value token, Value scalarsAt,
                           Value thread, function_ref<void()> sync) {
  Value input = op->getOperand(0);
  int64_t size = getTensor(input).getDimSize(2);
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
  set(op->getResult(0), [=, this](Value token, Value column) {
    Value place =
        b.at(scalarsAt, b.mul(b.divide(column, size), 2 * sizeof(float)));
    Value first = b.load(b.getF32Type(), place);
    Value second = isa<SoftmaxOp>(op)
                       ? b.load(b.getF32Type(), b.at(place, sizeof(float)))
                       : Value();
    return finish(op, get(input, token, column), b.remainder(column, size),
                  first, second);
  });
}

void Elements::reduceRow(ArrayRef<Operation *> ops, Value token, Value scratch,
                         Value thread, function_ref<void()> sync) {
  int64_t used = warpSumBytes;
  for (Operation *op : ops) {
    if (!isReduction(op))
      continue;
    if (getTensor(op->getOperand(0)).getRank() == 3)
      reduceHeads(op, token, b.at(scratch, used), thread, sync);
    else
      reduceWholeRow(op, token, scratch, thread, sync);
    used += getGroups(op) * 2 * static_cast<int64_t>(sizeof(float));
  }
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

FailureOr<Value> Elements::getPlace(const Output &output, Value token,
                                    Value column) {
  if (output.write)
    return getCachePlace(output, token, column);
  auto type = cast<RankedTensorType>(
      kernel.getKernel().getResultTypes()[output.result]);
  if (!type.getElementType().isF16() && !type.getElementType().isF32())
    return kernel.getKernel().emitOpError("has a result of ")
           << type << ", which no kernel of a GPU writes";
  Value row = b.at(kernel.getResult(output.result),
                   b.mul(b.extend(token), b.i64(getRowBytes(type))));
  return b.at(row, b.mul(column, type.getElementTypeBitWidth() / 8));
}

LogicalResult Elements::store(const Output &output, Value number, Value token,
                              Value column) {
  FailureOr<Value> place = getPlace(output, token, column);
  if (failed(place))
    return failure();
  bool isHalf = output.write
                    ? *getCacheFormat(kernel.getCacheType().getElementType()) ==
                          abi::CacheType::F16
                    : cast<RankedTensorType>(
                          kernel.getKernel().getResultTypes()[output.result])
                          .getElementType()
                          .isF16();
  if (isHalf) {
    // What a kernel quantises is limited before.
    Value limited = output.write ? b.limitToHalf(number) : number;
    number = arith::TruncIOp::create(b, b.getI16Type(),
                                     b.pack(Half::F16, limited, limited));
  }
  b.store(number, *place);
  return success();
}

/// See abi::DeviceKvLayout.
FailureOr<Value> Elements::getCachePlace(const Output &output, Value token,
                                         Value column) {
  CacheType cache = kernel.getCacheType();
  FailureOr<int64_t> pageBytes = kernel.getPageBytes();
  if (failed(pageBytes))
    return failure();
  abi::DeviceKvLayout layout{*getCacheFormat(cache.getElementType()),
                             cache.getHeads(), cache.getKeyDim(),
                             cache.getValueDim()};
  int64_t size = output.isKey ? cache.getKeyDim() : cache.getValueDim();
  LogicalResult result = success();
  Value tokenPage = ahead([&]() -> Value { // of the layer
    FailureOr<Value> pages = kernel.getLayerPages();
    if (succeeded(pages))
      return *pages;
    result = failure();
    return b.i64(0);
  });
  Value slot = ahead([&]() -> Value {
    FailureOr<Value> pool = kernel.getPool();
    if (failed(pool)) {
      result = failure();
      return b.i32(0);
    }
    Value slots = b.load(b.getPointerType(1),
                         b.at(*pool, offsetof(abi::PagePool, slotMapping)));
    return b.load(b.getI32Type(), b.at(slots, b.mul(token, 4)));
  });
  if (failed(result))
    return failure();
  Value position = b.remainder(slot, abi::pagePositions);
  Value page =
      b.mul(b.extend(b.divide(slot, abi::pagePositions)), b.i64(*pageBytes));
  Value component = b.remainder(column, size);
  Value head = b.mul(b.divide(column, size),
                     static_cast<int32_t>(layout.headBytes(size)));
  Value place = quipu::gpu::getCachePlace(b, layout, size, position, component);
  return b.at(
      b.at(tokenPage, page),
      b.add(b.add(head, place), output.isKey ? 0 : layout.valuesOffset()));
}
