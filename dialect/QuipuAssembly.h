//===- QuipuAssembly.h - Directives of the ops' syntax ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Types are printed once they are bound: `!quipu.value` is never spelled. A
// number has no type in the text: `576` and `1.0e-05` stand where the spec has
// `@hidden` and `@eps`.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_QUIPUASSEMBLY_H
#define QUIPU_DIALECT_QUIPUASSEMBLY_H

#include "dialect/Quipu.h"
#include "mlir/IR/DialectImplementation.h"

namespace quipu {

inline mlir::Type getUnbound(mlir::OpAsmParser &parser) {
  return ValueType::get(parser.getContext());
}

inline bool isUnbound(mlir::Type type) { return mlir::isa<ValueType>(type); }

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// `(: type)?`
inline mlir::ParseResult parseResult(mlir::OpAsmParser &parser,
                                     mlir::Type &type) {
  if (succeeded(parser.parseOptionalColon()))
    return parser.parseType(type);
  type = getUnbound(parser);
  return mlir::success();
}

inline void printResult(mlir::OpAsmPrinter &printer, mlir::Operation *,
                        mlir::Type type) {
  if (!isUnbound(type))
    printer << ": " << type;
}

/// `(: type)?`, the type of all three.
inline mlir::ParseResult parseSame(mlir::OpAsmParser &parser, mlir::Type &lhs,
                                   mlir::Type &rhs, mlir::Type &result) {
  if (parseResult(parser, result))
    return mlir::failure();
  lhs = rhs = result;
  return mlir::success();
}

inline void printSame(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                      mlir::Type, mlir::Type, mlir::Type result) {
  printResult(printer, op, result);
}

/// `(: input -> result)?`
inline mlir::ParseResult parseBound(mlir::OpAsmParser &parser,
                                    mlir::Type &input, mlir::Type &result) {
  input = result = getUnbound(parser);
  if (failed(parser.parseOptionalColon()))
    return mlir::success();
  return mlir::failure(parser.parseType(input) || parser.parseArrow() ||
                       parser.parseType(result));
}

inline void printBound(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::Type input, mlir::Type result) {
  if (!isUnbound(input))
    printer << ": " << input << " -> " << result;
}

/// `(: first, second -> result)?`
inline mlir::ParseResult parseBound(mlir::OpAsmParser &parser,
                                    mlir::Type &first, mlir::Type &second,
                                    mlir::Type &result) {
  first = second = result = getUnbound(parser);
  if (failed(parser.parseOptionalColon()))
    return mlir::success();
  return mlir::failure(parser.parseType(first) || parser.parseComma() ||
                       parser.parseType(second) || parser.parseArrow() ||
                       parser.parseType(result));
}

inline void printBound(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::Type first, mlir::Type second, mlir::Type result) {
  if (!isUnbound(first))
    printer << ": " << first << ", " << second << " -> " << result;
}

/// `(: input (or other)? -> result)?`
inline mlir::ParseResult parseBoundForms(mlir::OpAsmParser &parser,
                                         mlir::Type &input, mlir::Type &other,
                                         mlir::Type &result) {
  input = result = getUnbound(parser);
  if (failed(parser.parseOptionalColon()))
    return mlir::success();
  return mlir::failure(parser.parseType(input) ||
                       (succeeded(parser.parseOptionalKeyword("or")) &&
                        parser.parseType(other)) ||
                       parser.parseArrow() || parser.parseType(result));
}

inline void printBoundForms(mlir::OpAsmPrinter &printer, mlir::Operation *,
                            mlir::Type input, mlir::Type other,
                            mlir::Type result) {
  if (isUnbound(input))
    return;
  printer << ": " << input;
  if (other)
    printer << " or " << other;
  printer << " -> " << result;
}

/// `(: type, type, ...)?`; a single value may be unbound.
inline mlir::ParseResult
parseBoundList(mlir::OpAsmParser &parser,
               llvm::SmallVectorImpl<mlir::Type> &types) {
  if (succeeded(parser.parseOptionalColon()))
    return parser.parseTypeList(types);
  types.push_back(getUnbound(parser));
  return mlir::success();
}

inline void printBoundList(mlir::OpAsmPrinter &printer, mlir::Operation *,
                           mlir::TypeRange types) {
  if (!llvm::all_of(types, isUnbound))
    printer << ": " << types;
}

//===----------------------------------------------------------------------===//
// Sizes and constants
//===----------------------------------------------------------------------===//

/// `@name` or an integer.
inline mlir::ParseResult parseSize(mlir::OpAsmParser &parser,
                                   mlir::Attribute &size) {
  mlir::StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    size = mlir::FlatSymbolRefAttr::get(symbol);
    return mlir::success();
  }
  int64_t value;
  if (parser.parseInteger(value))
    return mlir::failure();
  size = parser.getBuilder().getI64IntegerAttr(value);
  return mlir::success();
}

inline mlir::ParseResult parseSize(mlir::OpAsmParser &parser,
                                   mlir::IntegerAttr &size) {
  int64_t value;
  if (parser.parseInteger(value))
    return mlir::failure();
  size = parser.getBuilder().getI64IntegerAttr(value);
  return mlir::success();
}

inline void printSize(mlir::OpAsmPrinter &printer, mlir::Operation *,
                      mlir::Attribute size) {
  printer.printAttributeWithoutType(size);
}

/// `@name` or a number.
inline mlir::ParseResult parseReal(mlir::OpAsmParser &parser,
                                   mlir::Attribute &real) {
  mlir::StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    real = mlir::FlatSymbolRefAttr::get(symbol);
    return mlir::success();
  }
  double value;
  if (parser.parseFloat(value))
    return mlir::failure();
  real = parser.getBuilder().getF64FloatAttr(value);
  return mlir::success();
}

inline void printReal(mlir::OpAsmPrinter &printer, mlir::Operation *,
                      mlir::Attribute real) {
  printer.printAttributeWithoutType(real);
}

//===----------------------------------------------------------------------===//
// Weights, words, fallbacks
//===----------------------------------------------------------------------===//

inline mlir::ParseResult parseWeight(mlir::OpAsmParser &parser,
                                     WeightAttr &weight) {
  weight = WeightAttr::parseText(parser);
  return mlir::success(weight != nullptr);
}

inline void printWeight(mlir::OpAsmPrinter &printer, mlir::Operation *,
                        WeightAttr weight) {
  weight.printText(printer);
}

/// A case of an enumeration.
template <typename EnumAttr>
mlir::ParseResult parseWord(mlir::OpAsmParser &parser, EnumAttr &word) {
  auto value = mlir::FieldParser<decltype(word.getValue())>::parse(parser);
  if (failed(value))
    return mlir::failure();
  word = EnumAttr::get(parser.getContext(), *value);
  return mlir::success();
}

template <typename EnumAttr>
void printWord(mlir::OpAsmPrinter &printer, mlir::Operation *, EnumAttr word) {
  printer << word.getValue();
}

/// What a parameter is when the checkpoint does not say: `"word"`, a number,
/// `@other`, `@lhs floordiv @rhs`, `rows "weight"`, or `absent`, a unit: then
/// what it is given for is left out.
inline mlir::ParseResult parseFallback(mlir::OpAsmParser &parser,
                                       mlir::Attribute &fallback) {
  if (succeeded(parser.parseOptionalKeyword("rows"))) {
    mlir::StringAttr weight;
    if (parser.parseAttribute(weight))
      return mlir::failure();
    fallback = RowsAttr::get(parser.getContext(), weight);
    return mlir::success();
  }
  if (succeeded(parser.parseOptionalKeyword("absent"))) {
    fallback = mlir::UnitAttr::get(parser.getContext());
    return mlir::success();
  }
  mlir::StringAttr symbol, divisor;
  if (failed(parser.parseOptionalSymbolName(symbol)))
    return parser.parseAttribute(fallback);
  fallback = mlir::FlatSymbolRefAttr::get(symbol);
  if (failed(parser.parseOptionalKeyword("floordiv")))
    return mlir::success();
  if (parser.parseSymbolName(divisor))
    return mlir::failure();
  fallback = FloorDivAttr::get(parser.getContext(), fallback,
                               mlir::FlatSymbolRefAttr::get(divisor));
  return mlir::success();
}

inline void printFallback(mlir::OpAsmPrinter &printer, mlir::Operation *,
                          mlir::Attribute fallback) {
  if (auto rows = mlir::dyn_cast<RowsAttr>(fallback))
    printer << "rows " << rows.getWeight();
  else if (auto quotient = mlir::dyn_cast<FloorDivAttr>(fallback))
    printer << quotient.getLhs() << " floordiv " << quotient.getRhs();
  else if (mlir::isa<mlir::UnitAttr>(fallback))
    printer << "absent";
  else
    printer.printAttributeWithoutType(fallback);
}

/// `[<...>, <...>]`, without the attributes' mnemonic.
template <typename Element>
mlir::ParseResult parseElements(mlir::OpAsmParser &parser,
                                mlir::ArrayAttr &list) {
  llvm::SmallVector<mlir::Attribute> elements;
  auto parseOne = [&]() -> mlir::ParseResult {
    elements.push_back(Element::parse(parser, {}));
    return mlir::success(elements.back() != nullptr);
  };
  if (parser.parseCommaSeparatedList(mlir::OpAsmParser::Delimiter::Square,
                                     parseOne))
    return mlir::failure();
  list = parser.getBuilder().getArrayAttr(elements);
  return mlir::success();
}

template <typename Element>
void printElements(mlir::OpAsmPrinter &printer, mlir::ArrayAttr list) {
  printer << '[';
  llvm::interleaveComma(list.getAsRange<Element>(), printer,
                        [&](Element element) { element.print(printer); });
  printer << ']';
}

inline mlir::ParseResult parsePorts(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &ports) {
  return parseElements<PortAttr>(parser, ports);
}
inline void printPorts(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::ArrayAttr ports) {
  printElements<PortAttr>(printer, ports);
}
inline mlir::ParseResult parseCompiledSteps(mlir::OpAsmParser &parser,
                                            mlir::ArrayAttr &steps) {
  return parseElements<CompiledStepAttr>(parser, steps);
}
inline void printCompiledSteps(mlir::OpAsmPrinter &printer, mlir::Operation *,
                               mlir::ArrayAttr steps) {
  printElements<CompiledStepAttr>(printer, steps);
}

//===----------------------------------------------------------------------===//
// What differs from layer to layer
//===----------------------------------------------------------------------===//

/// `alternative in [0 to 3, 6], ...`
inline mlir::ParseResult
parseOthers(mlir::OpAsmParser &parser, mlir::ArrayAttr &sets,
            llvm::function_ref<mlir::ParseResult()> parseAlternative) {
  llvm::SmallVector<mlir::Attribute> layers;
  auto parseOne = [&]() -> mlir::ParseResult {
    if (parseAlternative() || parser.parseKeyword("in"))
      return mlir::failure();
    layers.push_back(LayerSetAttr::parse(parser, {}));
    return mlir::success(layers.back() != nullptr);
  };
  if (parser.parseCommaSeparatedList(parseOne))
    return mlir::failure();
  sets = parser.getBuilder().getArrayAttr(layers);
  return mlir::success();
}

template <typename Alternatives>
void printOthers(mlir::OpAsmPrinter &printer, const Alternatives &alternatives,
                 mlir::ArrayAttr sets) {
  llvm::interleaveComma(llvm::zip(alternatives, sets), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " in ";
    mlir::cast<LayerSetAttr>(std::get<1>(pair)).print(printer);
  });
}

/// `type (but format in [...], ...)?`, the formats of a mix after the first.
inline mlir::ParseResult parseFormats(mlir::OpAsmParser &parser,
                                      mlir::TypeAttr &type,
                                      mlir::ArrayAttr &others) {
  mlir::RankedTensorType tensor;
  if (parser.parseType(tensor))
    return mlir::failure();
  type = mlir::TypeAttr::get(tensor);
  if (failed(parser.parseOptionalKeyword("but")))
    return mlir::success();
  auto mixed = mlir::dyn_cast<MixedType>(tensor.getElementType());
  size_t next = 0;
  return parseOthers(parser, others, [&]() -> mlir::ParseResult {
    mlir::Type format;
    llvm::SMLoc where = parser.getCurrentLocation();
    if (parser.parseType(format))
      return mlir::failure();
    ++next;
    if (!mixed || next >= mixed.getFormats().size() ||
        mixed.getFormats()[next] != format)
      return parser.emitError(where, "expected the formats of the mix after "
                                     "the first, in their order");
    return mlir::success();
  });
}

inline void printFormats(mlir::OpAsmPrinter &printer, mlir::Operation *,
                         mlir::TypeAttr type, mlir::ArrayAttr others) {
  printer << type.getValue();
  if (!others)
    return;
  auto mixed = mlir::cast<MixedType>(
      mlir::cast<mlir::RankedTensorType>(type.getValue()).getElementType());
  printer << " but ";
  printOthers(printer, mixed.getFormats().drop_front(), others);
}

/// `@kernel in [...], ...`
inline mlir::ParseResult parseKernels(mlir::OpAsmParser &parser,
                                      mlir::ArrayAttr &kernels,
                                      mlir::ArrayAttr &others) {
  llvm::SmallVector<mlir::Attribute> names;
  auto parseName = [&]() -> mlir::ParseResult {
    mlir::StringAttr name;
    if (parser.parseSymbolName(name))
      return mlir::failure();
    names.push_back(mlir::FlatSymbolRefAttr::get(name));
    return mlir::success();
  };
  if (parseOthers(parser, others, parseName))
    return mlir::failure();
  kernels = parser.getBuilder().getArrayAttr(names);
  return mlir::success();
}

inline void printKernels(mlir::OpAsmPrinter &printer, mlir::Operation *,
                         mlir::ArrayAttr kernels, mlir::ArrayAttr others) {
  printOthers(printer, kernels, others);
}

} // namespace quipu

#endif // QUIPU_DIALECT_QUIPUASSEMBLY_H
