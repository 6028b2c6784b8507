//===- QuipuAttributes.cpp - Weights, scalings, tables --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/CacheFormat.h"
#include "dialect/LayerSets.h"
#include "dialect/QuipuAssembly.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace quipu;

static_assert(int(ActivationKind::Silu) == int(abi::Activation::Silu) &&
              int(ActivationKind::Gelu) == int(abi::Activation::Gelu) &&
              int(ActivationKind::GeluTanh) == int(abi::Activation::GeluTanh) &&
              int(ActivationKind::Relu) == int(abi::Activation::Relu) &&
              int(ActivationKind::Sigmoid) == int(abi::Activation::Sigmoid) &&
              int(ActivationKind::Tanh) == int(abi::Activation::Tanh) &&
              getMaxEnumValForActivationKind() == int(abi::Activation::Tanh));
static_assert(int(Pairing::Adjacent) == int(abi::RopePairing::Adjacent) &&
              int(Pairing::Halves) == int(abi::RopePairing::Halves) &&
              getMaxEnumValForPairing() == int(abi::RopePairing::Halves));

#include "dialect/QuipuEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/QuipuAttributes.cpp.inc"

void QuipuDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/QuipuAttributes.cpp.inc"
      >();
}

/// `+`, `-`, `*`, `/`, `**` or `floordiv`.
static std::optional<Operator> parseOperator(AsmParser &parser) {
  if (succeeded(parser.parseOptionalStar()))
    return succeeded(parser.parseOptionalStar()) ? Operator::Power
                                                 : Operator::Multiply;
  if (succeeded(parser.parseOptionalPlus()))
    return Operator::Add;
  if (succeeded(parser.parseOptionalMinus()))
    return Operator::Subtract;
  if (succeeded(parser.parseOptionalSlash()))
    return Operator::Divide;
  if (succeeded(parser.parseOptionalKeyword("floordiv")))
    return Operator::FloorDiv;
  parser.emitError(parser.getCurrentLocation(),
                   "expected +, -, *, /, ** or floordiv");
  return std::nullopt;
}

/// Parsing recurses: no expression of a model comes near.
static constexpr int maxDepth = 64;

static ParseResult parseOperand(AsmParser &parser, Attribute &operand,
                                int depth);

static Attribute parseExpression(AsmParser &parser, int depth) {
  Attribute lhs, rhs;
  if (depth == maxDepth) {
    parser.emitError(parser.getCurrentLocation(), "more than ")
        << maxDepth << " parentheses inside each other";
    return {};
  }
  if (parseOperand(parser, lhs, depth))
    return {};
  std::optional<Operator> operation = parseOperator(parser);
  if (!operation || parseOperand(parser, rhs, depth) || parser.parseRParen())
    return {};
  return ExpressionAttr::get(parser.getContext(), *operation, lhs, rhs);
}

/// `@name`, an expression in parentheses or a number.
static ParseResult parseOperand(AsmParser &parser, Attribute &operand,
                                int depth) {
  StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    operand = FlatSymbolRefAttr::get(symbol);
    return success();
  }
  if (succeeded(parser.parseOptionalLParen())) {
    operand = parseExpression(parser, depth + 1);
    return success(operand != nullptr);
  }
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseAttribute(operand))
    return failure();
  auto number = dyn_cast<TypedAttr>(operand);
  if (!isa<IntegerAttr, FloatAttr>(operand) ||
      !(number.getType().isInteger(64) || number.getType().isF64()))
    return parser.emitError(where, "expected a number, @name or (");
  return success();
}

Attribute ExpressionAttr::parseRest(AsmParser &parser) {
  return parseExpression(parser, 0);
}

Attribute ExpressionAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess() || parser.parseLParen())
    return {};
  Attribute expression = parseRest(parser);
  return expression && succeeded(parser.parseGreater()) ? expression
                                                        : Attribute();
}

void ExpressionAttr::printText(raw_ostream &os) const {
  auto printPart = [&](Attribute part) {
    if (auto inner = dyn_cast<ExpressionAttr>(part))
      inner.printText(os);
    else
      part.print(os, /*elideType=*/true);
  };
  os << '(';
  printPart(getLhs());
  os << ' ' << stringifyOperator(getOperation()) << ' ';
  printPart(getRhs());
  os << ')';
}

void ExpressionAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printText(printer.getStream());
  printer << '>';
}

Attribute RowRangeAttr::parse(AsmParser &parser, Type) {
  RowRangeAttr rows;
  if (parser.parseLess() || parseRowRange(parser, rows) ||
      parser.parseGreater())
    return {};
  return rows;
}

void RowRangeAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printRowRange(printer, *this);
  printer << '>';
}

LogicalResult RowRangeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   Attribute begin, Attribute end,
                                   Attribute group) {
  auto first = dyn_cast<IntegerAttr>(begin), last = dyn_cast<IntegerAttr>(end),
       all = dyn_cast_or_null<IntegerAttr>(group);
  if ((first && first.getInt() < 0) ||
      (first && last && first.getInt() >= last.getInt()) ||
      (last && all && last.getInt() > all.getInt())) {
    InFlightDiagnostic error = emitError() << "C1: the rows ";
    error << begin << " to " << end;
    if (group)
      error << " of " << group;
    return error << " do not rise from 0 or more to the number of rows";
  }
  return success();
}

/// `[0 to 3, 6]`; both ends are in the set.
Attribute LayerSetAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> layers;
  auto parseRange = [&]() -> ParseResult {
    int64_t first, last;
    SMLoc where = parser.getCurrentLocation();
    if (parser.parseInteger(first))
      return failure();
    last = first;
    if (succeeded(parser.parseOptionalKeyword("to")) &&
        parser.parseInteger(last))
      return failure();
    if (first < 0 || last < first || last >= maxLayers)
      return parser.emitError(where, "the layers ")
             << first << " to " << last << " are no range below " << maxLayers;
    llvm::append_range(layers, llvm::seq_inclusive(first, last));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseRange))
    return {};
  return getChecked([&] { return parser.emitError(parser.getNameLoc()); },
                    parser.getContext(), layers);
}

void LayerSetAttr::print(AsmPrinter &printer) const {
  ArrayRef<int64_t> layers = getLayers();
  printer << '[';
  for (size_t i = 0; i < layers.size();) {
    size_t end = i + 1;
    while (end < layers.size() && layers[end] == layers[end - 1] + 1)
      ++end;
    printer << (i ? ", " : "") << layers[i];
    if (end - i > 1)
      printer << (end - i > 2 ? " to " : ", ") << layers[end - 1];
    i = end;
  }
  printer << ']';
}

LogicalResult LayerSetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t> layers) {
  if (layers.empty() || layers.front() < 0 ||
      llvm::adjacent_find(layers, std::greater_equal<>()) != layers.end())
    return emitError() << "C1: the layers do not rise from 0 or more";
  return success();
}

LogicalResult CostAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t bytes, int64_t operations,
                               int64_t nanoseconds) {
  if (bytes < 0 || operations < 0 || nanoseconds < 0)
    return emitError() << "C1: bytes, operations and nanoseconds are " << bytes
                       << ", " << operations << " and " << nanoseconds
                       << ", expected no negative numbers";
  return success();
}

LogicalResult PortAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               StringAttr, Domain, int64_t width, Type element,
                               std::optional<int64_t> limit) {
  if (width <= 0 || width > INT32_MAX || limit.value_or(1) <= 0 ||
      limit.value_or(1) > INT32_MAX)
    return emitError() << "C1: the width " << width << " or the limit "
                       << limit.value_or(1)
                       << " is not positive or more than 2^31 - 1";
  if (!element.isInteger(32) && !element.isF32())
    return emitError() << "C2: the element type is i32 or f32, not " << element;
  return success();
}

LogicalResult
CompiledStepAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         FlatSymbolRefAttr, int64_t tokens, Type cache,
                         int64_t arena, int64_t partials,
                         ArrayRef<CompiledKernelAttr>) {
  if (tokens < 1 || tokens > INT32_MAX || arena < 0 || partials < 0)
    return emitError() << "C1: " << tokens << " tokens, " << arena << " and "
                       << partials << " bytes are out of range";
  if (!getCacheFormat(cache))
    return emitError() << "C2: a cache holds f16, f32 or !quipu.q8_0, not "
                       << cache;
  return success();
}

std::optional<abi::RopeScaling> RopeScalingAttr::getKind() const {
  auto type = dyn_cast<StringAttr>(getType());
  std::string_view name = type ? type.getValue() : StringRef();
  const auto *found = llvm::find(abi::ropeScalingNames, name);
  if (found == abi::ropeScalingNames.end())
    return std::nullopt;
  return abi::RopeScaling(found - abi::ropeScalingNames.begin());
}

LogicalResult
DeviceKernelAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         StringAttr name, DenseI64ArrayAttr grid,
                         int64_t threads, int64_t shared) {
  bool isPositive = grid.size() == 3 && threads > 0 &&
                    llvm::all_of(grid.asArrayRef(),
                                 [](int64_t blocks) { return blocks > 0; });
  if (!isPositive || shared < 0)
    return emitError() << "C1: " << name << " has a grid of " << grid << ", "
                       << threads << " threads and " << shared
                       << " bytes of shared memory";
  return success();
}
