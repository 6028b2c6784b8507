//===- DeviceBuilder.cpp - Emits the code of a GPU's kernels --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/DeviceBuilder.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace quipu::gpu;

static constexpr llvm::StringLiteral sharedMemoryName = "shared_memory";
static constexpr unsigned sharedSpace = 3;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LLVM::LLVMFuncOp DeviceBuilder::createKernel(mlir::gpu::GPUModuleOp module,
                                             StringRef name,
                                             TypeRange parameters,
                                             unsigned threads,
                                             unsigned blocks) {
  if (!SymbolTable::lookupSymbolIn(module, sharedMemoryName)) {
    setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(*this, LLVM::LLVMArrayType::get(getI8Type(), 0),
                           /*isConstant=*/false, LLVM::Linkage::External,
                           sharedMemoryName, Attribute(),
                           /*alignment=*/1024, sharedSpace);
  }
  setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()),
                                          llvm::to_vector(parameters));
  auto function = LLVM::LLVMFuncOp::create(*this, name, type);
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                    getDenseI32ArrayAttr({int32_t(threads), 1, 1}));
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                    getI32IntegerAttr(blocks));
  setInsertionPointToStart(function.addEntryBlock(*this));
  return function;
}

void DeviceBuilder::ret() { LLVM::ReturnOp::create(*this, ValueRange()); }

Value DeviceBuilder::getSharedMemory() {
  return LLVM::AddressOfOp::create(*this, getPointerType(sharedSpace),
                                   sharedMemoryName);
}

Value DeviceBuilder::getThread() {
  return NVVM::ThreadIdXOp::create(*this, getI32Type());
}
Value DeviceBuilder::getBlock() {
  return NVVM::BlockIdXOp::create(*this, getI32Type());
}
Value DeviceBuilder::getBlockY() {
  return NVVM::BlockIdYOp::create(*this, getI32Type());
}
Value DeviceBuilder::getBlockZ() {
  return NVVM::BlockIdZOp::create(*this, getI32Type());
}
Value DeviceBuilder::getBlocks() {
  return NVVM::GridDimXOp::create(*this, getI32Type());
}

Value DeviceBuilder::getUniform(Value number) { return shuffle(number, 0); }

void DeviceBuilder::renew(MutableArrayRef<Value> values) {
  ValueRange before(values);
  llvm::copy(emitAsm("", before.getTypes(), {}, before,
                     /*hasSideEffects=*/true),
             values.begin());
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Type DeviceBuilder::getPointerType(unsigned space) {
  return LLVM::LLVMPointerType::get(getContext(), space);
}

Value DeviceBuilder::constant(Type type, Operand number) {
  if (number.value)
    return number.value;
  if (auto floating = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(*this, getFloatAttr(type, number.real));
  assert(!number.onlyReal && "a whole number is needed");
  return arith::ConstantOp::create(*this, getIntegerAttr(type, number.integer));
}

Value DeviceBuilder::i32(int64_t number) {
  return constant(getI32Type(), number);
}
Value DeviceBuilder::i64(int64_t number) {
  return constant(getI64Type(), number);
}
Value DeviceBuilder::f32(double number) {
  return constant(getF32Type(), number);
}

std::pair<Value, Value> DeviceBuilder::getOperands(Operand a, Operand b) {
  Type type = a.value                    ? a.value.getType()
              : b.value                  ? b.value.getType()
              : a.onlyReal || b.onlyReal ? Type(getF32Type())
                                         : Type(getI32Type());
  return {constant(type, a), constant(type, b)};
}

template <typename Op> Value DeviceBuilder::emitBinary(Operand a, Operand b) {
  auto [x, y] = getOperands(a, b);
  return createOrFold<Op>(x, y);
}

Value DeviceBuilder::add(Operand a, Operand b) {
  return emitBinary<arith::AddIOp>(a, b);
}
Value DeviceBuilder::sub(Operand a, Operand b) {
  return emitBinary<arith::SubIOp>(a, b);
}
Value DeviceBuilder::mul(Operand a, Operand b) {
  return emitBinary<arith::MulIOp>(a, b);
}
Value DeviceBuilder::divide(Operand a, Operand b) {
  return emitBinary<arith::DivUIOp>(a, b);
}
Value DeviceBuilder::remainder(Operand a, Operand b) {
  return emitBinary<arith::RemUIOp>(a, b);
}
Value DeviceBuilder::ceilDivide(Operand a, Operand b) {
  return divide(add(a, sub(b, 1)), b);
}
Value DeviceBuilder::bitAnd(Operand a, Operand b) {
  return emitBinary<arith::AndIOp>(a, b);
}
Value DeviceBuilder::bitOr(Operand a, Operand b) {
  return emitBinary<arith::OrIOp>(a, b);
}
Value DeviceBuilder::bitXor(Operand a, Operand b) {
  return emitBinary<arith::XOrIOp>(a, b);
}
Value DeviceBuilder::shiftLeft(Operand a, Operand b) {
  return emitBinary<arith::ShLIOp>(a, b);
}
Value DeviceBuilder::shiftRight(Operand a, Operand b) {
  return emitBinary<arith::ShRUIOp>(a, b);
}
Value DeviceBuilder::min(Operand a, Operand b) {
  return emitBinary<arith::MinSIOp>(a, b);
}
Value DeviceBuilder::max(Operand a, Operand b) {
  return emitBinary<arith::MaxSIOp>(a, b);
}

Value DeviceBuilder::compare(arith::CmpIPredicate predicate, Operand a,
                             Operand b) {
  auto [x, y] = getOperands(a, b);
  return createOrFold<arith::CmpIOp>(predicate, x, y);
}
Value DeviceBuilder::equal(Operand a, Operand b) {
  return compare(arith::CmpIPredicate::eq, a, b);
}
Value DeviceBuilder::notEqual(Operand a, Operand b) {
  return compare(arith::CmpIPredicate::ne, a, b);
}
Value DeviceBuilder::less(Operand a, Operand b) {
  return compare(arith::CmpIPredicate::slt, a, b);
}

Value DeviceBuilder::extend(Value number) {
  return createOrFold<arith::ExtUIOp>(getI64Type(), number);
}
Value DeviceBuilder::toInt(Value condition) {
  return createOrFold<arith::ExtUIOp>(getI32Type(), condition);
}
Value DeviceBuilder::select(Value condition, Operand a, Operand b) {
  auto [x, y] = getOperands(a, b);
  return createOrFold<arith::SelectOp>(condition, x, y);
}

Value DeviceBuilder::addF(Operand a, Operand b) {
  return emitBinary<arith::AddFOp>(a, b);
}
Value DeviceBuilder::subF(Operand a, Operand b) {
  return emitBinary<arith::SubFOp>(a, b);
}
Value DeviceBuilder::mulF(Operand a, Operand b) {
  return emitBinary<arith::MulFOp>(a, b);
}
Value DeviceBuilder::divideF(Operand a, Operand b) {
  return emitBinary<arith::DivFOp>(a, b);
}
// Those of arith become calls of a library.
Value DeviceBuilder::maxF(Operand a, Operand b) {
  return emitBinary<LLVM::MaxNumOp>(a, b);
}
Value DeviceBuilder::minF(Operand a, Operand b) {
  return emitBinary<LLVM::MinNumOp>(a, b);
}
Value DeviceBuilder::negF(Value a) { return createOrFold<arith::NegFOp>(a); }

Value DeviceBuilder::fma(Operand a, Operand b, Operand c) {
  Type type = getF32Type();
  return LLVM::FMAOp::create(*this, type, constant(type, a), constant(type, b),
                             constant(type, c));
}

Value DeviceBuilder::lessF(Operand a, Operand b) {
  auto [x, y] = getOperands(a, b);
  return createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, y);
}

Value DeviceBuilder::exp2(Value a) {
  return ptx("ex2.approx.ftz.f32 $0, $1;", a.getType(), a).front();
}
Value DeviceBuilder::exp(Value a) { return exp2(mulF(a, 1.44269504088896)); }
Value DeviceBuilder::reciprocal(Value a) {
  return ptx("rcp.approx.ftz.f32 $0, $1;", a.getType(), a).front();
}
Value DeviceBuilder::rsqrt(Value a) {
  return ptx("rsqrt.approx.ftz.f32 $0, $1;", a.getType(), a).front();
}
Value DeviceBuilder::toFloat(Value number) {
  return createOrFold<arith::SIToFPOp>(getF32Type(), number);
}
Value DeviceBuilder::bitcast(Value value, Type type) {
  return LLVM::BitcastOp::create(*this, type, value);
}

static StringRef getPairName(Half type) {
  return type == Half::BF16 ? "bf16x2" : "f16x2";
}

Value DeviceBuilder::pack(Half type, Value first, Value second) {
  return ptx(("cvt.rn." + getPairName(type) + ".f32 $0, $1, $2;").str(),
             getI32Type(), {second, first})
      .front();
}

// NaN stays so.
Value DeviceBuilder::limitToHalf(Value number) {
  Type type = getF32Type();
  Value limited = LLVM::MinimumOp::create(*this, type, number, f32(65504));
  return LLVM::MaximumOp::create(*this, type, limited, f32(-65504));
}

std::pair<Value, Value> DeviceBuilder::unpack(Half type, Value pair) {
  if (type == Half::BF16)
    return {bitcast(shiftLeft(pair, 16), getF32Type()),
            bitcast(bitAnd(pair, i32(int32_t(0xffff0000u))), getF32Type())};
  auto widen = [&](Value word) -> Value {
    Value half = bitcast(arith::TruncIOp::create(*this, getI16Type(), word),
                         getF16Type());
    return arith::ExtFOp::create(*this, getF32Type(), half);
  };
  return {widen(pair), widen(shiftRight(pair, 16))};
}

Value DeviceBuilder::pairOf(Half type, double number) {
  llvm::APFloat half(number);
  bool losesInfo;
  half.convert(type == Half::BF16 ? llvm::APFloat::BFloat()
                                  : llvm::APFloat::IEEEhalf(),
               llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  uint32_t bits = half.bitcastToAPInt().getZExtValue();
  return i32(int32_t(bits << 16 | bits));
}

// Before sm_90, bf16 has no other arithmetic than the fused one.
Value DeviceBuilder::fmaPair(Half type, Value a, Value b, Value c) {
  return ptx(("fma.rn." + getPairName(type) + " $0, $1, $2, $3;").str(),
             getI32Type(), {a, b, c})
      .front();
}
Value DeviceBuilder::mulPair(Half type, Value a, Value b) {
  return fmaPair(type, a, b, pairOf(type, -0.0));
}
Value DeviceBuilder::subPair(Half type, Value a, Value b) {
  return fmaPair(type, b, pairOf(type, -1.0), a);
}

Value DeviceBuilder::lop3(Value a, Operand b, Operand c, unsigned table) {
  // Constants stand in the text: as operands they would be in registers.
  std::string text = "lop3.b32 $0, $1";
  Values operands = {a};
  for (const Operand &operand : {b, c}) {
    if (operand.value) {
      operands.push_back(operand.value);
      text += ", $" + std::to_string(operands.size());
    } else {
      text += ", 0x" + llvm::utohexstr(uint32_t(operand.integer));
    }
  }
  return ptx(text + ", 0x" + llvm::utohexstr(table) + ";", getI32Type(),
             operands)
      .front();
}

Value DeviceBuilder::permuteBytes(Value a, Value b, unsigned selector) {
  return ptx("prmt.b32 $0, $1, $2, 0x" + llvm::utohexstr(selector) + ";",
             getI32Type(), {a, b})
      .front();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value DeviceBuilder::at(Value pointer, Operand bytes) {
  if (std::optional<int64_t> offset = bytes.getInteger()) {
    if (*offset == 0)
      return pointer;
    bool fits = llvm::isInt<31>(*offset);
    LLVM::GEPArg index =
        fits ? LLVM::GEPArg(int32_t(*offset)) : LLVM::GEPArg(i64(*offset));
    return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                               index);
  }
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             LLVM::GEPArg(bytes.value));
}

Value DeviceBuilder::getSharedAddress(Value pointer) {
  return LLVM::PtrToIntOp::create(*this, getI32Type(), pointer);
}

/// The size of a scalar or a vector.
static unsigned getBytes(Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return 8;
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() *
           vector.getElementType().getIntOrFloatBitWidth() / 8;
  return type.getIntOrFloatBitWidth() / 8;
}

Value DeviceBuilder::load(Type type, Value pointer, unsigned alignment) {
  return LLVM::LoadOp::create(*this, type, pointer,
                              alignment ? alignment : getBytes(type));
}

Value DeviceBuilder::loadConstant(Type type, Value pointer,
                                  unsigned alignment) {
  return LLVM::LoadOp::create(
      *this, type, pointer, alignment ? alignment : getBytes(type),
      /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/true);
}

void DeviceBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(*this, value, pointer,
                        alignment ? alignment : getBytes(value.getType()));
}

Values DeviceBuilder::extractAll(Value vector) {
  Values elements;
  for (int64_t i : llvm::seq(cast<VectorType>(vector.getType()).getDimSize(0)))
    elements.push_back(vector::ExtractOp::create(*this, vector, i));
  return elements;
}

Values DeviceBuilder::loadVector(Type element, unsigned count, Value pointer,
                                 bool isConstant) {
  if (count == 1)
    return {isConstant ? loadConstant(element, pointer)
                       : load(element, pointer)};
  auto type = VectorType::get(int64_t(count), element);
  return extractAll(isConstant ? loadConstant(type, pointer)
                               : load(type, pointer));
}

void DeviceBuilder::storeVector(ValueRange elements, Value pointer) {
  if (elements.size() == 1)
    return store(elements.front(), pointer);
  auto type =
      VectorType::get(int64_t(elements.size()), elements.front().getType());
  store(vector::FromElementsOp::create(*this, type, elements), pointer);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

void DeviceBuilder::ifThen(Value condition, function_ref<void()> then) {
  scf::IfOp::create(*this, condition, [&](OpBuilder &, Location) {
    then();
    scf::YieldOp::create(*this);
  });
}

void DeviceBuilder::ifElse(Value condition, function_ref<void()> then,
                           function_ref<void()> otherwise) {
  auto emit = [&](function_ref<void()> body) {
    return [this, body](OpBuilder &, Location) {
      body();
      scf::YieldOp::create(*this);
    };
  };
  scf::IfOp::create(*this, condition, emit(then), emit(otherwise));
}

Values DeviceBuilder::choose(Value condition, function_ref<Values()> then,
                             function_ref<Values()> otherwise) {
  auto emit = [&](function_ref<Values()> body) {
    return [this, body](OpBuilder &, Location) {
      scf::YieldOp::create(*this, body());
    };
  };
  return scf::IfOp::create(*this, condition, emit(then), emit(otherwise))
      .getResults();
}

void DeviceBuilder::forEach(Operand begin, Operand end, Operand step,
                            function_ref<void(Value)> body) {
  forEach(begin, end, step, {}, [&](Value index, Values) -> Values {
    body(index);
    return {};
  });
}

Values DeviceBuilder::forEach(Operand begin, Operand end, Operand step,
                              ValueRange inits,
                              function_ref<Values(Value, Values)> body) {
  auto [first, last] = getOperands(begin, end);
  return scf::ForOp::create(
             *this, first, last, constant(first.getType(), step), inits,
             [&](OpBuilder &, Location, Value index, ValueRange values) {
               scf::YieldOp::create(*this, body(index, Values(values)));
             })
      .getResults();
}

Values DeviceBuilder::whileLoop(ValueRange inits,
                                function_ref<Value(Values)> condition,
                                function_ref<Values(Values)> body) {
  return scf::WhileOp::create(
             *this, inits.getTypes(), inits,
             [&](OpBuilder &, Location, ValueRange values) {
               scf::ConditionOp::create(*this, condition(Values(values)),
                                        values);
             },
             [&](OpBuilder &, Location, ValueRange values) {
               scf::YieldOp::create(*this, body(Values(values)));
             })
      .getResults();
}

//===----------------------------------------------------------------------===//
// Anything else
//===----------------------------------------------------------------------===//

Values DeviceBuilder::extractFields(Value structure) {
  Values fields;
  auto type = cast<LLVM::LLVMStructType>(structure.getType());
  for (int64_t i : llvm::seq<int64_t>(type.getBody().size()))
    fields.push_back(LLVM::ExtractValueOp::create(*this, structure, i));
  return fields;
}

static StringRef getConstraint(Type type) {
  if (auto pointer = dyn_cast<LLVM::LLVMPointerType>(type))
    return "l";
  if (isa<FloatType>(type))
    return "f";
  switch (type.getIntOrFloatBitWidth()) {
  case 16:
    return "h";
  case 32:
    return "r";
  default:
    return "l";
  }
}

Values DeviceBuilder::ptx(StringRef text, TypeRange results,
                          ValueRange operands, bool hasSideEffects) {
  return emitAsm(text, results, operands, {}, hasSideEffects);
}

Values DeviceBuilder::emitAsm(StringRef text, TypeRange results,
                              ValueRange operands, ValueRange tied,
                              bool hasSideEffects) {
  SmallVector<std::string> constraints;
  for (Type type : results)
    constraints.push_back(("=" + getConstraint(type)).str());
  Values all;
  for (Value operand : operands) {
    auto pointer = dyn_cast<LLVM::LLVMPointerType>(operand.getType());
    if (pointer && pointer.getAddressSpace() == sharedSpace)
      operand = getSharedAddress(operand);
    constraints.push_back(getConstraint(operand.getType()).str());
    all.push_back(operand);
  }
  for (auto [i, operand] : llvm::enumerate(tied)) {
    constraints.push_back(std::to_string(i));
    all.push_back(operand);
  }
  Type result;
  if (results.size() == 1)
    result = results.front();
  else if (results.size() > 1)
    result = LLVM::LLVMStructType::getLiteral(getContext(),
                                              llvm::to_vector(results));
  auto op = LLVM::InlineAsmOp::create(
      *this, result ? TypeRange(result) : TypeRange(), all, text,
      llvm::join(constraints, ","), hasSideEffects, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT),
      ArrayAttr());
  if (!result)
    return {};
  if (results.size() == 1)
    return {op.getResult(0)};
  return extractFields(op.getResult(0));
}
