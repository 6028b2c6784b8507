//===- AbiBuilder.cpp - Code that uses what abi/Abi.h defines ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/host/AbiBuilder.h"
#include "abi/Abi.h"
#include "dialect/States.h"
#include "llvm/ADT/Sequence.h"
#include <cstddef>

using namespace mlir;
using namespace quipu;

Type AbiBuilder::getPointerType() const {
  return LLVM::LLVMPointerType::get(builder.getContext());
}

Value AbiBuilder::getInt32(int32_t value) {
  return LLVM::ConstantOp::create(builder, loc,
                                  builder.getI32IntegerAttr(value));
}

Value AbiBuilder::getInt64(int64_t value) {
  return LLVM::ConstantOp::create(builder, loc,
                                  builder.getI64IntegerAttr(value));
}

Value AbiBuilder::getFloat(float value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

Value AbiBuilder::getDouble(double value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getF64FloatAttr(value));
}

Value AbiBuilder::getNull() {
  return LLVM::ZeroOp::create(builder, loc, getPointerType());
}

Value AbiBuilder::getConstant(StringRef name, ArrayRef<float> values) {
  return getConstant(
      name,
      DenseElementsAttr::get(
          RankedTensorType::get(values.size(), builder.getF32Type()), values));
}

Value AbiBuilder::getConstant(StringRef name, ArrayRef<int32_t> values) {
  return getConstant(name, builder.getI32TensorAttr(values));
}

Value AbiBuilder::getConstant(StringRef name, DenseElementsAttr values) {
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(
        builder, loc,
        LLVM::LLVMArrayType::get(values.getElementType(), values.size()),
        /*isConstant=*/true, LLVM::Linkage::Internal, name, values);
  }
  return LLVM::AddressOfOp::create(builder, loc, getPointerType(), name);
}

Value AbiBuilder::addBytes(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, getPointerType(),
                             builder.getI8Type(), pointer, bytes);
}

Value AbiBuilder::addBytes(Value pointer, int64_t bytes) {
  return bytes ? addBytes(pointer, getInt64(bytes)) : pointer;
}

Value AbiBuilder::extend(Value number) {
  return LLVM::SExtOp::create(builder, loc, builder.getI64Type(), number);
}

Value AbiBuilder::loadPointer(Value args, size_t field) {
  return LLVM::LoadOp::create(builder, loc, getPointerType(),
                              addBytes(args, int64_t(field)));
}

Value AbiBuilder::loadInt32(Value args, size_t field) {
  return LLVM::LoadOp::create(builder, loc, builder.getI32Type(),
                              addBytes(args, int64_t(field)));
}

Value AbiBuilder::loadElement(Value array, int64_t index) {
  return LLVM::LoadOp::create(builder, loc, getPointerType(),
                              addBytes(array, index * int64_t(sizeof(void *))));
}

Value AbiBuilder::getCount(Value args, bool selected) {
  return loadInt32(args, selected ? offsetof(abi::StepArgs, selectedCount)
                                  : offsetof(abi::StepArgs, count));
}

Value AbiBuilder::getPool(Value args, StateOp state) {
  return addBytes(loadPointer(args, offsetof(abi::StepArgs, pools)),
                  int64_t(*state.getPool() * sizeof(abi::PagePool)));
}

Value AbiBuilder::getPlace(Value layer, StateOp state) {
  Value stride = getInt64(int64_t(state.getStride().value_or(0)));
  SmallVector<int64_t> numbers = getLayerNumbers(state);
  Value number =
      numbers.empty()
          ? extend(layer)
          : getEntry((state.getSymName() + ".layers").str(), numbers, layer);
  return LLVM::AddOp::create(builder, loc,
                             getInt64(int64_t(state.getOffset().value_or(0))),
                             LLVM::MulOp::create(builder, loc, number, stride));
}

Value AbiBuilder::getLayerPages(Value args, Value layer, StateOp state,
                                abi::CacheType type) {
  Value pages =
      loadPointer(getPool(args, state), offsetof(abi::PagePool, pages));
  return addBytes(pages,
                  LLVM::MulOp::create(builder, loc, getPlace(layer, state),
                                      getInt64(abi::getPageBytes(type, 1))));
}

Value AbiBuilder::getWeight(Value args, Value layer, WeightOp weight) {
  Value weights = loadPointer(args, offsetof(abi::StepArgs, weights));
  if (weight.getStrides()) {
    SmallVector<int64_t> places;
    for (int64_t i : llvm::seq<int64_t>(*weight.getLayers()))
      places.push_back(*weight.getLayerOffset(i));
    return addBytes(weights, getEntry((weight.getSymName() + ".places").str(),
                                      places, layer));
  }
  Value first = addBytes(weights, int64_t(weight.getOffset().value_or(0)));
  if (!weight.getStride())
    return first;
  return addBytes(first,
                  LLVM::MulOp::create(builder, loc, extend(layer),
                                      getInt64(int64_t(*weight.getStride()))));
}

Value AbiBuilder::getEntry(StringRef name, ArrayRef<int64_t> table,
                           Value layer) {
  Value entries = getConstant(name, Builder(builder).getI64TensorAttr(table));
  Value entry = LLVM::GEPOp::create(builder, loc, getPointerType(),
                                    builder.getI64Type(), entries, layer);
  return LLVM::LoadOp::create(builder, loc, builder.getI64Type(), entry);
}

std::pair<Value, Value> AbiBuilder::getWorkerRange(Value count, Value worker,
                                                   Value workers) {
  Value tokens = extend(count), parts = extend(workers);
  auto getBegin = [&](Value part) -> Value {
    return LLVM::SDivOp::create(
        builder, loc, LLVM::MulOp::create(builder, loc, tokens, part), parts);
  };
  Value part = extend(worker);
  Value begin = getBegin(part);
  return {begin,
          getBegin(LLVM::AddOp::create(builder, loc, part, getInt64(1)))};
}

std::pair<Value, Value> AbiBuilder::getFirstWorkerRange(Value count,
                                                        Value worker) {
  Value isFirst = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq,
                                       worker, getInt32(0));
  Value none = getInt64(0);
  return {none,
          LLVM::SelectOp::create(builder, loc, isFirst, extend(count), none)};
}

LLVM::LLVMFuncOp AbiBuilder::declare(StringRef name,
                                     LLVM::LLVMFunctionType type) {
  if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  return LLVM::LLVMFuncOp::create(builder, loc, name, type);
}
