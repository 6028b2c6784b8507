//===- LowerRopeAngles.cpp - Rotary angles on a GPU -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/codegen/gpu/lower/KernelLowering.h"
#include "compiler/codegen/host/RopeFrequencies.h"
#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
struct RopeAnglesLowering : KernelLowering {
  using KernelLowering::KernelLowering;

  LogicalResult emit() final {
    auto op = cast<RopeAnglesOp>(kernel.getBody().front().front());
    RopeScalingAttr scaling = op.getScaling().value_or(RopeScalingAttr());
    bool isDynamic = scaling && scaling.getKind() == abi::RopeScaling::Dynamic;
    RopeFrequencies angles = getRopeFrequencies(op);
    auto half = static_cast<int64_t>(angles.frequencies.size());
    auto type = cast<RankedTensorType>(op.getResult().getType());
    std::string name = (kernel.getSymName() + ".frequencies").str();
    llvm::replace(name, '.', '_');
    if (!isDynamic)
      addTable(name, b.getF32Type(), ArrayRef(angles.frequencies));
    SmallVector<int32_t> axes = op.getAxesOfPairs();
    std::string axesName = (kernel.getSymName() + ".axes").str();
    llvm::replace(axesName, '.', '_');
    if (!axes.empty())
      addTable(axesName, b.getI32Type(), ArrayRef(axes));
    return emitFunction("", rowThreads, [&]() -> FailureOr<Launch> {
      Value token = b.getBlock();
      Value table =
          isDynamic ? Value()
                    : LLVM::AddressOfOp::create(b, b.getPointerType(1), name);
      Value row =
          b.at(getResult(0), b.mul(b.extend(token), b.i64(getRowBytes(type))));
      Value count = getCount();
      b.waitForKernelBefore();
      b.ifThen(b.less(token, count), [&] {
        SmallVector<Value> places = getPlaces(op, token);
        Value factors = getFactors(op, token);
        Value bits = isDynamic ? getBitsOfTheta(op, token) : Value();
        b.forEach(b.getThread(), half, rowThreads, [&](Value i) {
          Value frequency =
              isDynamic ? getDynamicFrequency(bits, i, half)
                        : b.load(b.getF32Type(), b.at(table, b.mul(i, 4)));
          if (factors)
            frequency = b.divideF(
                frequency,
                b.loadConstant(b.getF32Type(), b.at(factors, b.mul(i, 4))));
          Value place = places.front();
          if (!axes.empty()) {
            Value all =
                LLVM::AddressOfOp::create(b, b.getPointerType(1), axesName);
            Value axis = b.load(b.getI32Type(), b.at(all, b.mul(i, 4)));
            for (int32_t other : {1, 2})
              place = b.select(b.equal(axis, other), places[other], place);
          }
          auto [cosine, sine] = emitTurn(b.mulF(place, frequency));
          b.storeVector(
              {b.mulF(cosine, angles.scale), b.mulF(sine, angles.scale)},
              b.at(row, b.mul(i, 8)));
        });
      });
      return Launch{{getKernelTokens(kernel), 1, 1}, 0};
    });
  }

  /// Of the token, its position or those on axes, in f32.
  SmallVector<Value> getPlaces(RopeAnglesOp op, Value token) {
    SmallVector<Value> places;
    for (Value axis : op.getAxes())
      places.push_back(getOperand(cast<BlockArgument>(axis)));
    if (places.empty())
      places.push_back(loadArgument(offsetof(abi::StepArgs, positions)));
    for (Value &place : places)
      place = b.toFloat(b.load(b.getI32Type(), b.at(place, b.mul(token, 4))));
    return places;
  }

  static double getNumber(Attribute number) {
    auto integer = dyn_cast<IntegerAttr>(number);
    return integer ? static_cast<double>(integer.getInt())
                   : cast<FloatAttr>(number).getValueAsDouble();
  }

  /// The length of the token's sequence.
  Value getLength(Value token) {
    return b.load(
        b.getI32Type(),
        b.at(loadArgument(offsetof(abi::StepArgs, lengths)), b.mul(token, 4)));
  }

  /// Whether a sequence of that length is longer than the original context.
  Value isLong(RopeAnglesOp op, Value length) {
    double context = getNumber(op.getScaling()->getOriginalContext());
    return b.less(
        static_cast<int32_t>(std::min<double>(context, abi::maxContext)),
        length);
  }

  /// The logarithm to base 2, in f64, of the theta that has grown with the
  /// token's sequence.
  Value getBitsOfTheta(RopeAnglesOp op, Value token) {
    RopeScalingAttr scaling = *op.getScaling();
    double factor = getNumber(scaling.getFactor());
    double context = getNumber(scaling.getOriginalContext());
    double dims = getNumber(op.getDims());
    Value length = getLength(token);
    Value tokens = arith::UIToFPOp::create(b, b.getF64Type(), length);
    Value longest = b.select(isLong(op, length), tokens, f64(context));
    Value growth = fma64(longest, f64(factor / context), f64(1 - factor));
    // What the f32 instruction is wrong by is a small number.
    Value narrow = arith::TruncFOp::create(b, b.getF32Type(), growth);
    Value bits = arith::ExtFOp::create(
        b, b.getF64Type(),
        b.ptx("lg2.approx.ftz.f32 $0, $1;", b.getF32Type(), narrow)[0]);
    Value rest = fma64(growth, emitExp2(negate(bits)), f64(-1));
    Value more = arith::MulFOp::create(
        b, rest,
        fma64(rest, f64(-0.5 / std::numbers::ln2), f64(1 / std::numbers::ln2)));
    bits = arith::AddFOp::create(b, bits, more);
    return fma64(bits, f64(dims / (dims - 2)),
                 f64(std::log2(getNumber(op.getTheta()))));
  }

  /// theta^(-i / half) in f32.
  Value getDynamicFrequency(Value bitsOfTheta, Value i, int64_t half) {
    Value number = arith::UIToFPOp::create(b, b.getF64Type(), i);
    Value exponent =
        arith::MulFOp::create(b, arith::MulFOp::create(b, number, bitsOfTheta),
                              f64(-1.0 / static_cast<double>(half)));
    return arith::TruncFOp::create(b, b.getF32Type(), emitExp2(exponent));
  }

  Value negate(Value x) { return arith::MulFOp::create(b, x, f64(-1)); }

  /// Those for the length of the token's sequence, or null.
  Value getFactors(RopeAnglesOp op, Value token) {
    if (!op.getFactors())
      return {};
    Value factors = getWeight(op.getFactors()->getSymbol());
    if (!op.getShortFactors())
      return factors;
    return b.select(isLong(op, getLength(token)), factors,
                    getWeight(op.getShortFactors()->getSymbol()));
  }

  template <typename Number>
  void addTable(StringRef name, Type type, ArrayRef<Number> numbers) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(device.getBody());
    auto values = DenseElementsAttr::get(
        RankedTensorType::get(static_cast<int64_t>(numbers.size()), type),
        numbers);
    LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(type, numbers.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, name,
                           values,
                           /*alignment=*/4, /*addrSpace=*/1);
  }

  Value f64(double number) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(number));
  }
  Value fma64(Value x, Value y, Value z) {
    return LLVM::FMAOp::create(b, b.getF64Type(), x, y, z);
  }
  /// c0 + x (c1 + x (c2 + ...)).
  Value emitSeries(Value x, ArrayRef<double> factors) {
    Value sum = f64(factors.back());
    for (double factor : llvm::reverse(factors.drop_back()))
      sum = fma64(sum, x, f64(factor));
    return sum;
  }

  /// The nearest integer, as a number and in the low bits of the other result.
  std::pair<Value, Value> round64(Value x) {
    // Adding 1.5 * 2^52 rounds to an integer, which the low bits then are.
    Value magic = f64(6755399441055744.0);
    Value shifted = arith::AddFOp::create(b, x, magic);
    Value bits = LLVM::BitcastOp::create(b, b.getI64Type(), shifted);
    return {arith::SubFOp::create(b, shifted, magic),
            arith::TruncIOp::create(b, b.getI32Type(), bits)};
  }

  /// 2^x, by the powers of e of what is left of an integer, to 1e-15.
  Value emitExp2(Value x) {
    auto [whole, low] = round64(x);
    Value rest = arith::MulFOp::create(b, arith::SubFOp::create(b, x, whole),
                                       f64(std::numbers::ln2));
    SmallVector<double> factors{1};
    for (int64_t i = 1; i <= 13; ++i)
      factors.push_back(factors.back() / static_cast<double>(i));
    Value exponent = b.extend(b.add(low, 1023));
    Value power = LLVM::BitcastOp::create(
        b, b.getF64Type(), arith::ShLIOp::create(b, exponent, b.i64(52)));
    return arith::MulFOp::create(b, emitSeries(rest, factors), power);
  }

  /// Cosine and sine of an angle, computed in f64 and rounded once, as the
  /// runtime of CPUs does: by quarter turns and Taylor's series, to 1e-15.
  std::pair<Value, Value> emitTurn(Value angle) {
    Value x = arith::ExtFOp::create(b, b.getF64Type(), angle);
    // Adding 1.5 * 2^52 rounds to an integer, which the low bits then are.
    Value magic = f64(6755399441055744.0);
    Value shifted = fma64(x, f64(0.63661977236758134), magic);
    Value quarters = arith::SubFOp::create(b, shifted, magic);
    Value bits = LLVM::BitcastOp::create(b, b.getI64Type(), shifted);
    Value low = arith::TruncIOp::create(b, b.getI32Type(), bits);
    Value quarter = b.bitAnd(low, 3);
    // pi / 2 in two parts.
    Value rest = fma64(quarters, f64(-1.5707963267948966), x);
    rest = fma64(quarters, f64(-6.123233995736766e-17), rest);
    Value square = arith::MulFOp::create(b, rest, rest);
    Value cosine = emitSeries(square, {1, -1.0 / 2, 1.0 / 24, -1.0 / 720,
                                       1.0 / 40320, -1.0 / 3628800,
                                       1.0 / 479001600, -1.0 / 87178291200.0});
    Value sine = arith::MulFOp::create(
        b, rest,
        emitSeries(square, {1, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880,
                            -1.0 / 39916800, 1.0 / 6227020800.0,
                            -1.0 / 1307674368000.0}));
    Value isOdd = b.equal(b.bitAnd(quarter, 1), 1);
    auto round = [&](Value number, Value isNegative) {
      Value small = arith::TruncFOp::create(b, b.getF32Type(), number);
      return b.select(isNegative, b.negF(small), small);
    };
    // cos: c, -s, -c, s; sin: s, c, -s, -c.
    Value flipsCosine =
        b.equal(b.bitAnd(b.shiftRight(b.add(quarter, 1), 1), 1), 1);
    Value flipsSine = b.equal(b.shiftRight(quarter, 1), 1);
    return {round(b.select(isOdd, sine, cosine), flipsCosine),
            round(b.select(isOdd, cosine, sine), flipsSine)};
  }
};
} // namespace

std::unique_ptr<KernelLowering>
quipu::gpu::createRopeAnglesLowering(KernelOp kernel, GpuAttr gpu,
                                     mlir::gpu::GPUModuleOp device) {
  return std::make_unique<RopeAnglesLowering>(kernel, gpu, device);
}
