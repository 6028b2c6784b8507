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
        if (part)
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

Values Elements::ahead(int64_t count, function_ref<Values()> load) {
  if (replayed) {
    Values values(replayed->take_front(count));
    *replayed = replayed->drop_front(count);
    return values;
  }
  Values values = load();
  if (recorded)
    llvm::append_range(*recorded, values);
  return values;
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

Values Elements::getWeight(WeightAttr vector, Value index, int64_t count) {
  Value offset = b.mul(index, sizeof(float));
  if (auto shared = vectors.find(vector.getSymbol()); shared != vectors.end())
    return b.loadVector(b.getF32Type(), count, b.at(shared->second, offset));
  return ahead(count, [&] {
    return b.loadVector(b.getF32Type(), count,
                        b.at(kernel.getWeight(vector.getSymbol()), offset),
                        /*isConstant=*/true);
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
                          Value row, Value column, Value matrix) {
  Value weight = kernel.getWeight(name);
  if (matrix)
    weight = kernel.getMatrix(weight, type, matrix);
  if (isFragmentMatrix(type))
    return getFragment(type, weight, row, column);
  return b.loadConstant(b.getF32Type(), getRowsPlace(b, *getWeightLayout(type),
                                                     weight, row, column));
}

Values Elements::getWeightRows(FlatSymbolRefAttr name, RankedTensorType type,
                               Value row, Value column, int64_t count) {
  Value first = getRowsPlace(b, *getWeightLayout(type), kernel.getWeight(name),
                             row, column);
  Values numbers;
  for (int64_t i = 0; i < count; i += together)
    numbers.append(b.loadVector(b.getF32Type(), together,
                                b.at(first, i * int64_t(sizeof(float))),
                                /*isConstant=*/true));
  return numbers;
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

  if (codes.hasPanels()) {
    Value panel = b.mul(b.divide(inSlot, FragmentCodes::panelColumns),
                        FragmentCodes::panelBytes);
    return extendHalf(
        b, b.load(b.getI16Type(),
                  b.at(start, b.add(panel, getPlaceInPanel(b, lane, inSlot)))));
  }
  // Column 16 h + 8 i + 2 q + e of a block is element e of pair 2 h + i of lane
  // 4 * row + q.
  Value block = b.divide(inSlot, FragmentCodes::blockColumns);
  Value inBlock = b.remainder(inSlot, FragmentCodes::blockColumns);
  Value pair = b.divide(inBlock, 8);
  Value q = b.divide(b.remainder(inBlock, 8), 2);
  Value element = b.remainder(inBlock, 2);
  Value place = b.add(b.mul(block, codes.blockBytes()),
                      b.mul(b.add(b.mul(lane, 4), q), codes.laneBytes()));
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

/// Without a division as in IEEE 754, which is a branch and many instructions:
/// what divides is off by as little as e^x is.
static Value sigmoid(DeviceBuilder &b, Value x) {
  return b.reciprocal(b.addF(1.0, b.exp(b.negF(x))));
}

/// 1 - 2 / (1 + e^2x): right where e^2x is 0 or infinite, too.
static Value tanhF(DeviceBuilder &b, Value x) {
  return b.fma(b.reciprocal(b.addF(1.0, b.exp(b.mulF(x, 2.0)))), -2.0, 1.0);
}

/// Abramowitz & Stegun 1964, 7.1.26: to 1.5e-7.
static Value erfF(DeviceBuilder &b, Value x) {
  Value size = b.maxF(x, b.negF(x));
  Value t = b.reciprocal(b.fma(size, b.f32(0.3275911), b.f32(1.0)));
  Value sum = b.f32(1.061405429);
  for (double factor : {-1.453152027, 1.421413741, -0.284496736, 0.254829592})
    sum = b.fma(sum, t, b.f32(factor));
  Value rest = b.mulF(b.mulF(sum, t), b.exp(b.negF(b.mulF(size, size))));
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

Values Elements::get(Value value, Value token, Value column, int64_t count) {
  if (auto source = sources.find(value); source != sources.end()) {
    Source compute = source->second;
    return compute(token, column, count);
  }
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getArgument(argument, token, column, count);
  return compute(value.getDefiningOp(), token, column, count);
}

Values Elements::getArgument(BlockArgument argument, Value token, Value column,
                             int64_t count) {
  RankedTensorType type = getTensor(argument);
  Value first =
      getRows(type).getPlace(b, kernel.getOperand(argument), token, column);
  if (!type.getElementType().isF16())
    return ahead(count, [&] {
      return b.loadVector(type.getElementType(), count, first);
    });
  if (count == 1)
    return {extendHalf(
        b, ahead(1, [&] { return Values{b.load(b.getI16Type(), first)}; })[0])};
  Values numbers;
  for (Value pair : ahead(count / 2, [&] {
         return b.loadVector(b.getI32Type(), count / 2, first);
       })) {
    auto [one, other] = b.unpack(Half::F16, pair);
    numbers.append({one, other});
  }
  return numbers;
}

/// The id or index of a token: inputs of one i32 a token lie without gaps.
static Value getIndex(KernelLowering &kernel, Value indices, Value token) {
  DeviceBuilder &b = kernel.builder();
  return b.load(b.getI32Type(),
                b.at(kernel.getOperand(cast<BlockArgument>(indices)),
                     b.mul(token, sizeof(int32_t))));
}

/// x turned by an angle, as the first or the second of a pair with y.
static Value turn(DeviceBuilder &b, Value x, Value y, Value cosine, Value sine,
                  bool isFirst) {
  Value product = b.mulF(y, sine);
  return b.fma(x, cosine, isFirst ? b.negF(product) : product);
}

Values Elements::rotate(RopeOp op, Value token, Value column, int64_t count) {
  int64_t size = getTensor(op.getInput()).getDimSize(2);
  int64_t half = getTensor(op.getAngles()).getDimSize(1);
  bool isAdjacent = op.getPairs() == Pairing::Adjacent;
  if (count > 1 && (2 * half != size || (!isAdjacent && half % count))) {
    Values numbers;
    for (int64_t i = 0; i < count; ++i)
      numbers.push_back(rotate(op, token, b.add(column, i), 1)[0]);
    return numbers;
  }
  int64_t start = getFirstTurned(op);
  Value component = b.remainder(column, size);
  if (start)
    component = b.sub(component, start);
  Values xs = get(op.getInput(), token, column, count);
  auto getAngles = [&](Value first, int64_t numbers) {
    return get(op.getAngles(), token, first, numbers);
  };
  if (isAdjacent && count > 1) {
    Values angles = getAngles(component, count), turned;
    for (int64_t i = 0; i < count; ++i)
      turned.push_back(
          turn(b, xs[i], xs[i ^ 1], angles[i & ~1], angles[i | 1], i % 2 == 0));
    return turned;
  }
  auto turnAll = [&] {
    Value isFirst = isAdjacent ? b.equal(b.remainder(component, 2), 0)
                               : b.less(component, half);
    int64_t distance = isAdjacent ? 1 : half;
    Value partner = isAdjacent && size % 2 == 0 && start % 2 == 0
                        ? b.bitXor(column, 1)
                        : b.select(isFirst, b.add(column, distance),
                                   b.sub(column, distance));
    Value angle =
        isAdjacent ? b.divide(component, 2) : b.remainder(component, half);
    Values ys = get(op.getInput(), token, partner, count), angles, turned;
    for (int64_t i = 0; i < 2 * count; i += count)
      angles.append(getAngles(b.add(b.mul(angle, 2), i), count));
    for (auto [i, x, y] : llvm::enumerate(xs, ys)) {
      Value cosine = angles[2 * i], sine = angles[2 * i + 1];
      turned.push_back(b.select(isFirst, turn(b, x, y, cosine, sine, true),
                                turn(b, x, y, cosine, sine, false)));
    }
    return turned;
  };
  if (2 * half == size)
    return turnAll();
  // What comes before the first is negative, and no small unsigned number.
  Value turns = start
                    ? b.compare(arith::CmpIPredicate::ult, component, 2 * half)
                    : b.less(component, 2 * half);
  return b.choose(turns, turnAll, [&] { return xs; });
}

/// A head's components of either operand, which may be one head for all.
Values Elements::concat(ConcatOp op, Value token, Value column, int64_t count) {
  RankedTensorType lhs = getTensor(op.getLhs()), rhs = getTensor(op.getRhs());
  int64_t first = lhs.getDimSize(2), second = rhs.getDimSize(2);
  Value head = b.divide(column, first + second);
  Value component = b.remainder(column, first + second);
  auto read = [&](Value part, Value component) {
    RankedTensorType type = getTensor(part);
    Value at = type.getDimSize(1) == 1
                   ? component
                   : b.add(b.mul(head, type.getDimSize(2)), component);
    return get(part, token, at, count);
  };
  return b.choose(
      b.less(component, first), [&] { return read(op.getLhs(), component); },
      [&] { return read(op.getRhs(), b.sub(component, first)); });
}

/// The products are added up from the first choice to the last.
Values Elements::sumChoices(SumOp op, Value token, Value column,
                            int64_t count) {
  RankedTensorType type = getTensor(op.getInput());
  Values sums(count, b.f32(0));
  for (int64_t choice = 0; choice < type.getDimSize(1); ++choice) {
    Value weight = get(op.getWeights(), token, b.i32(choice));
    Values numbers = get(op.getInput(), token,
                         b.add(column, choice * type.getDimSize(2)), count);
    for (auto [sum, number] : llvm::zip_equal(sums, numbers))
      sum = b.fma(number, weight, sum);
  }
  return sums;
}

Values Elements::compute(Operation *op, Value token, Value column,
                         int64_t count) {
  auto getOperand = [&](unsigned i) {
    return get(op->getOperand(i), token, column, count);
  };
  // Of one operand, or of two.
  auto map = [&](auto compute) {
    Values numbers = getOperand(0);
    for (Value &number : numbers)
      number = compute(number);
    return numbers;
  };
  auto map2 = [&](auto compute) {
    Values numbers = getOperand(0), others = getOperand(1);
    for (auto [number, other] : llvm::zip_equal(numbers, others))
      number = compute(number, other);
    return numbers;
  };
  return llvm::TypeSwitch<Operation *, Values>(op)
      .Case([&](EmbedOp op) {
        Value id = getIndex(kernel, op.getIds(), token);
        Values numbers;
        for (int64_t i = 0; i < count; ++i)
          numbers.push_back(getWeight(op.getWeight().getSymbol(),
                                      op.getWeight().getType(), id,
                                      b.add(column, i)));
        return numbers;
      })
      .Case([&](GatherOp op) {
        return get(op.getInput(), getIndex(kernel, op.getRows(), token), column,
                   count);
      })
      .Case([&](QuantizeOp) {
        return map([&](Value x) { return roundToHalf(b, x); });
      })
      .Case([&](RopeOp op) { return rotate(op, token, column, count); })
      .Case([&](SwiGLUOp) {
        return map2([&](Value gate, Value up) {
          return b.mulF(b.mulF(gate, sigmoid(b, gate)), up);
        });
      })
      .Case([&](AddOp) {
        return map2([&](Value x, Value y) { return b.addF(x, y); });
      })
      .Case([&](MulOp) {
        return map2([&](Value x, Value y) { return b.mulF(x, y); });
      })
      .Case([&](ConcatOp op) { return concat(op, token, column, count); })
      .Case([&](SumOp op) { return sumChoices(op, token, column, count); })
      .Case([&](ClampOp op) {
        return map([&](Value x) {
          // Comparisons with what is no number are false: it stays.
          Value limited = x;
          if (Attribute to = op.getToAttr())
            limited = b.select(b.lessF(getReal(to), x), b.f32(getReal(to)), x);
          if (Attribute from = op.getFromAttr())
            limited = b.select(b.lessF(x, getReal(from)), b.f32(getReal(from)),
                               limited);
          return limited;
        });
      })
      .Case([&](ScaleOp op) {
        return map([&](Value x) { return b.mulF(x, getReal(op.getFactor())); });
      })
      .Case([&](ActivateOp op) {
        return map([&](Value x) { return activate(b, op.getKind(), x); });
      })
      .Default([&](Operation *op) {
        // What the kinds of kernels refuse, see KernelLowering::create.
        op->emitOpError("has no code for single numbers on a GPU");
        return Values(count, b.f32(0));
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
  return getRows(type).getPlace(b, kernel.getResult(output.result), token,
                                column);
}

/// f16 numbers, one or pairs.
void Elements::storeHalves(ValueRange numbers, Value place) {
  if (numbers.size() == 1) {
    Value pair = b.pack(Half::F16, numbers[0], numbers[0]);
    b.store(arith::TruncIOp::create(b, b.getI16Type(), pair), place);
    return;
  }
  Values pairs;
  for (size_t i = 0; i < numbers.size(); i += 2)
    pairs.push_back(b.pack(Half::F16, numbers[i], numbers[i + 1]));
  b.storeVector(pairs, place);
}

LogicalResult Elements::store(const Output &output, ValueRange numbers,
                              Value token, Value column) {
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
  if (!isHalf) {
    b.storeVector(numbers, *place);
    return success();
  }
  // What a kernel quantises is limited before.
  Values limited(numbers);
  if (output.write)
    for (Value &number : limited)
      number = b.limitToHalf(number);
  storeHalves(limited, *place);
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
                             cache.getValueDim(), cache.getValuesInKeys()};
  int64_t size = output.isKey ? cache.getKeyDim() : cache.getValueDim();
  LogicalResult result = success();
  Value tokenPage = ahead(1, [&]() -> Values { // of the layer
    FailureOr<Value> pages = kernel.getLayerPages();
    if (succeeded(pages))
      return {*pages};
    result = failure();
    return {b.i64(0)};
  })[0];
  Value slot = ahead(1, [&]() -> Values {
    FailureOr<Value> pool = kernel.getPool();
    if (failed(pool)) {
      result = failure();
      return {b.i32(0)};
    }
    Value slots = b.load(b.getPointerType(1),
                         b.at(*pool, offsetof(abi::PagePool, slotMapping)));
    return {b.load(b.getI32Type(), b.at(slots, b.mul(token, 4)))};
  })[0];
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
