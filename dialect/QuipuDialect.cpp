//===- QuipuDialect.cpp - Registration and types --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/CacheFormat.h"
#include "dialect/Quipu.h"
#include "dialect/QuipuAssembly.h"
#include "dialect/Targets.h"
#include "mlir/IR/DialectImplementation.h"
#include "weights/WeightLayout.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuDialect.cpp.inc"

#include "dialect/QuipuTypeInterfaces.cpp.inc"

#include "dialect/QuipuAttrInterfaces.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/QuipuTypes.cpp.inc"

void QuipuDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/QuipuTypes.cpp.inc"
      >();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialect/QuipuOps.cpp.inc"
      >();
}

Type QuipuDialect::parseType(DialectAsmParser &parser) const {
  llvm::SMLoc place = parser.getCurrentLocation();
  StringRef mnemonic;
  Type type;
  OptionalParseResult result = generatedTypeParser(parser, &mnemonic, type);
  if (result.has_value())
    return type;
  const WeightFormat *format = findWeightFormat(std::string_view(mnemonic));
  if (format && format->isQuantized())
    return BlockType::get(getContext(), format);
  parser.emitError(place) << "unknown type '" << mnemonic
                          << "'; the storage formats are "
                          << StringRef(weightFormatNames());
  return {};
}

void QuipuDialect::printType(Type type, DialectAsmPrinter &printer) const {
  if (auto block = dyn_cast<BlockType>(type))
    printer << StringRef(block.getFormat()->name).lower();
  else if (failed(generatedTypePrinter(type, printer)))
    llvm_unreachable("every other type has a mnemonic");
}

static LogicalResult verifyBitcode(Operation *op, Attribute bitcode) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || !function.isExternal())
    return op->emitError() << bitcodeName
                           << " is an attribute of functions without a body";
  if (!isa<DenseI8ResourceElementsAttr>(bitcode))
    return op->emitError() << bitcodeName << " must be a resource of i8";
  return success();
}

LogicalResult QuipuDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attribute) {
  if (attribute.getName() == targetName)
    return verifyTarget(op, attribute.getValue());
  if (attribute.getName() == bitcodeName)
    return verifyBitcode(op, attribute.getValue());
  if (attribute.getName() == deviceCodeName) {
    if (isa<ModuleOp>(op) && isa<DeviceCodeAttr>(attribute.getValue()))
      return success();
    return op->emitError() << deviceCodeName
                           << " must be a #quipu.device_code of a module";
  }
  if (attribute.getName() == deviceKernelName) {
    if (isa<FunctionOpInterface>(op) &&
        isa<DeviceKernelAttr>(attribute.getValue()))
      return success();
    return op->emitError() << deviceKernelName
                           << " must be a #quipu.device_kernel of a function";
  }
  return op->emitError() << "the dialect has no attribute "
                         << attribute.getName() << "; it has " << targetName
                         << ", " << bitcodeName << ", " << deviceCodeName
                         << " and " << deviceKernelName;
}

int64_t BlockType::getBlockElements() const {
  return getFormat()->blockElements;
}
int64_t BlockType::getBlockBytes() const { return getFormat()->blockBytes; }

int64_t I8BlockType::getBlockElements() const { return blockSize; }
int64_t I8BlockType::getBlockBytes() const {
  return QuantizedRowLayout{blockSize}.endOffset();
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError,
                                FlatSymbolRefAttr, Type elementType,
                                int64_t heads, int64_t keyDim, int64_t valueDim,
                                bool valuesInKeys) {
  std::optional<abi::CacheType> format = getCacheFormat(elementType);
  if (!format)
    return emitError() << "a cache holds f16, f32 or !quipu.q8_0, not "
                       << elementType;
  if (failed(
          PagesType::verify(emitError, heads, keyDim, valueDim, valuesInKeys)))
    return failure();
  for (int64_t dim : {keyDim, valueDim})
    if (format == abi::CacheType::Q8_0 && dim % abi::cacheBlock)
      return emitError() << "a cache in !quipu.q8_0 has heads of a multiple of "
                         << abi::cacheBlock << " components, not " << dim;
  return success();
}

PagesType CacheType::getPages() const {
  return PagesType::get(getContext(), getHeads(), getKeyDim(), getValueDim(),
                        getValuesInKeys());
}

CacheType CacheType::withElement(Type element) const {
  return get(getContext(), getState(), element, getHeads(), getKeyDim(),
             getValueDim(), getValuesInKeys());
}

LogicalResult PagesType::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t heads, int64_t keyDim, int64_t valueDim,
                                bool valuesInKeys) {
  constexpr int64_t most = 1 << 24;
  if (heads <= 0 || keyDim <= 0 || valueDim <= 0 || heads >= most ||
      keyDim >= most || valueDim >= most || heads * (keyDim + valueDim) >= most)
    return emitError() << "C1: " << heads << " heads of keys with " << keyDim
                       << " and values with " << valueDim
                       << " components are no pages";
  if (valuesInKeys && valueDim > keyDim)
    return emitError() << "C2: values of " << valueDim
                       << " components are not the first of keys with "
                       << keyDim;
  return success();
}

LogicalResult MixedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<Type> formats) {
  SmallPtrSet<Type, 4> seen(formats.begin(), formats.end());
  if (formats.size() < 2 || seen.size() != formats.size())
    return emitError() << "C1: a mix has at least two formats, none twice";
  if (!llvm::all_of(formats, llvm::IsaPred<BlockFormat, FloatType>))
    return emitError() << "C2: a mix is of block formats and floats";
  return success();
}

std::string quipu::listInputs(ArrayRef<StringLiteral> names) {
  return "\"" + llvm::join(names, "\", \"") + "\"";
}

int64_t quipu::getElementsPerToken(RankedTensorType type) {
  int64_t count = 1;
  // Sizes come from strangers' checkpoints.
  for (int64_t size : type.getShape().drop_front())
    if (llvm::MulOverflow(count, size, count))
      return std::numeric_limits<int64_t>::max();
  return count;
}

SmallVector<Type> quipu::getFormats(Type elementType) {
  if (auto mixed = dyn_cast<MixedType>(elementType))
    return llvm::to_vector(mixed.getFormats());
  return {elementType};
}

bool quipu::isBlockFormat(Type elementType) {
  return isa<BlockFormat>(elementType);
}

int64_t quipu::getStorageBytes(Type elementType, int64_t count) {
  if (auto format = dyn_cast<BlockFormat>(elementType))
    return count / format.getBlockElements() * format.getBlockBytes();
  return count * elementType.getIntOrFloatBitWidth() / 8;
}
