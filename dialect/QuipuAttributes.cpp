//===- QuipuAttributes.cpp - Weights, scalings, schedules -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Quipu.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;

#include "dialect/QuipuEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/QuipuAttributes.cpp.inc"

void QuipuDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/QuipuAttributes.cpp.inc"
      >();
}

/// A string without a type behind it: the type that follows is the weight's.
static ParseResult parseName(AsmParser &parser, StringAttr &name) {
  return parser.parseAttribute(name, NoneType::get(parser.getContext()));
}

WeightAttr WeightAttr::parseText(AsmParser &parser) {
  bool optional = succeeded(parser.parseOptionalKeyword("optional"));
  StringAttr name, fallback;
  if (parseName(parser, name))
    return {};
  if (succeeded(parser.parseOptionalKeyword("else")) &&
      parseName(parser, fallback))
    return {};
  RankedTensorType type;
  if (succeeded(parser.parseOptionalColon()) && parser.parseType(type))
    return {};
  return get(parser.getContext(), name, fallback, optional, type);
}

Attribute WeightAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  WeightAttr weight = parseText(parser);
  return weight && succeeded(parser.parseGreater()) ? weight : WeightAttr();
}

void WeightAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printText(printer);
  printer << '>';
}

void WeightAttr::printText(AsmPrinter &printer) const {
  printer << (getOptional() ? "optional " : "") << getName();
  if (getFallback())
    printer << " else " << getFallback();
  if (getType())
    printer << " : " << getType();
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   Grid, int64_t lanes, int64_t tokens,
                                   int64_t tiles, bool, int64_t bytes,
                                   int64_t operations, int64_t nanoseconds) {
  if (lanes < 1 || tokens < 1 || tiles < 1)
    return emitError() << "C1: lanes, tokens and tiles are " << lanes << ", "
                       << tokens << " and " << tiles
                       << ", expected positive numbers";
  if (bytes < 0 || operations < 0 || nanoseconds < 0)
    return emitError() << "C2: bytes, operations and nanoseconds are " << bytes
                       << ", " << operations << " and " << nanoseconds
                       << ", expected no negative numbers";
  return success();
}
