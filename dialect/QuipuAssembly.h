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

/// `(: input -> first, second)?`
inline mlir::ParseResult parseBoundPair(mlir::OpAsmParser &parser,
                                        mlir::Type &input, mlir::Type &first,
                                        mlir::Type &second) {
  input = first = second = getUnbound(parser);
  if (failed(parser.parseOptionalColon()))
    return mlir::success();
  return mlir::failure(parser.parseType(input) || parser.parseArrow() ||
                       parser.parseType(first) || parser.parseComma() ||
                       parser.parseType(second));
}

inline void printBoundPair(mlir::OpAsmPrinter &printer, mlir::Operation *,
                           mlir::Type input, mlir::Type first,
                           mlir::Type second) {
  if (!isUnbound(input))
    printer << ": " << input << " -> " << first << ", " << second;
}

/// `(: input (or other)? (of ids)? -> result)?`; `operand` are the ids.
inline mlir::ParseResult
parseBoundForms(mlir::OpAsmParser &parser, mlir::Type &input, mlir::Type &other,
                mlir::Type &ids, mlir::Type &result,
                std::optional<mlir::OpAsmParser::UnresolvedOperand> operand) {
  input = result = getUnbound(parser);
  if (operand)
    ids = getUnbound(parser);
  if (failed(parser.parseOptionalColon()))
    return mlir::success();
  return mlir::failure(
      parser.parseType(input) ||
      (succeeded(parser.parseOptionalKeyword("or")) &&
       parser.parseType(other)) ||
      (operand && (parser.parseKeyword("of") || parser.parseType(ids))) ||
      parser.parseArrow() || parser.parseType(result));
}

inline void printBoundForms(mlir::OpAsmPrinter &printer, mlir::Operation *,
                            mlir::Type input, mlir::Type other, mlir::Type ids,
                            mlir::Type result, mlir::Value) {
  if (isUnbound(input))
    return;
  printer << ": " << input;
  if (other)
    printer << " or " << other;
  if (ids)
    printer << " of " << ids;
  printer << " -> " << result;
}

/// `(: key (, value)? -> result)?`; `operand` is the value.
inline mlir::ParseResult
parseBoundWrite(mlir::OpAsmParser &parser, mlir::Type &key, mlir::Type &value,
                mlir::Type &result,
                std::optional<mlir::OpAsmParser::UnresolvedOperand> operand) {
  if (operand)
    return parseBound(parser, key, value, result);
  return parseBound(parser, key, result);
}

inline void printBoundWrite(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                            mlir::Type key, mlir::Type value, mlir::Type result,
                            mlir::Value) {
  if (value)
    printBound(printer, op, key, value, result);
  else
    printBound(printer, op, key, result);
}

/// `heads` or ids, what says which matrix of a stack a row is multiplied by.
inline mlir::ParseResult
parseStack(mlir::OpAsmParser &parser,
           std::optional<mlir::OpAsmParser::UnresolvedOperand> &ids,
           mlir::UnitAttr &ofHeads) {
  if (succeeded(parser.parseOptionalKeyword("heads"))) {
    ofHeads = parser.getBuilder().getUnitAttr();
    return mlir::success();
  }
  return parser.parseOperand(ids.emplace());
}

inline void printStack(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::Value ids, mlir::UnitAttr) {
  if (ids)
    printer << ids;
  else
    printer << "heads";
}

/// `dim (of keys)?`, the values of a cache.
inline mlir::ParseResult parseValues(mlir::AsmParser &parser, int64_t &dim,
                                     bool &ofKeys) {
  if (parser.parseInteger(dim))
    return mlir::failure();
  ofKeys = succeeded(parser.parseOptionalKeyword("of"));
  return ofKeys ? parser.parseKeyword("keys") : mlir::success();
}

inline void printValues(mlir::AsmPrinter &printer, int64_t dim, bool ofKeys) {
  printer << dim << (ofKeys ? " of keys" : "");
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

/// `(: (axis, ... ->)? result)?`; `operands` are the axes.
inline mlir::ParseResult parseBoundAngles(
    mlir::OpAsmParser &parser, llvm::SmallVectorImpl<mlir::Type> &axes,
    mlir::Type &result,
    llvm::ArrayRef<mlir::OpAsmParser::UnresolvedOperand> operands) {
  if (operands.empty())
    return parseResult(parser, result);
  if (succeeded(parser.parseOptionalColon()))
    return mlir::failure(parser.parseTypeList(axes) || parser.parseArrow() ||
                         parser.parseType(result));
  result = getUnbound(parser);
  axes.assign(operands.size(), result);
  return mlir::success();
}

inline void printBoundAngles(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                             mlir::TypeRange axes, mlir::Type result,
                             mlir::OperandRange) {
  if (axes.empty())
    printResult(printer, op, result);
  else if (!isUnbound(result))
    printer << ": " << axes << " -> " << result;
}

//===----------------------------------------------------------------------===//
// Sizes and constants
//===----------------------------------------------------------------------===//

/// `"word", ...`
inline mlir::ParseResult parseWords(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &words) {
  llvm::SmallVector<mlir::Attribute> list;
  if (parser.parseCommaSeparatedList([&] {
        mlir::StringAttr word;
        mlir::ParseResult result = parser.parseAttribute(word);
        list.push_back(word);
        return result;
      }))
    return mlir::failure();
  words = parser.getBuilder().getArrayAttr(list);
  return mlir::success();
}

inline void printWords(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::ArrayAttr words) {
  llvm::interleaveComma(words, printer);
}

/// `@name`, an expression in parentheses, or else what `parseNumber` parses.
inline mlir::ParseResult
parseNamed(mlir::AsmParser &parser, mlir::Attribute &value,
           llvm::function_ref<mlir::ParseResult()> parseNumber) {
  mlir::StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    value = mlir::FlatSymbolRefAttr::get(symbol);
    return mlir::success();
  }
  if (failed(parser.parseOptionalLParen()))
    return parseNumber();
  value = ExpressionAttr::parseRest(parser);
  return mlir::success(value != nullptr);
}

inline mlir::ParseResult parseSize(mlir::AsmParser &parser,
                                   mlir::IntegerAttr &size) {
  int64_t value;
  if (parser.parseInteger(value))
    return mlir::failure();
  size = parser.getBuilder().getI64IntegerAttr(value);
  return mlir::success();
}

/// `@name`, an expression or an integer.
inline mlir::ParseResult parseSize(mlir::AsmParser &parser,
                                   mlir::Attribute &size) {
  return parseNamed(parser, size, [&]() -> mlir::ParseResult {
    mlir::IntegerAttr integer;
    if (parseSize(parser, integer))
      return mlir::failure();
    size = integer;
    return mlir::success();
  });
}

/// `@name`, an expression or a number, a field of an attribute.
inline mlir::FailureOr<mlir::Attribute> parseNumber(mlir::AsmParser &parser) {
  mlir::Attribute number;
  if (parseNamed(parser, number, [&] { return parser.parseAttribute(number); }))
    return mlir::failure();
  return number;
}

inline void printNumber(mlir::AsmPrinter &printer, mlir::Attribute number) {
  if (auto expression = mlir::dyn_cast<ExpressionAttr>(number))
    expression.printText(printer.getStream());
  else
    printer << number;
}

inline void printNamed(mlir::AsmPrinter &printer, mlir::Attribute value) {
  if (auto expression = mlir::dyn_cast<ExpressionAttr>(value))
    expression.printText(printer.getStream());
  else
    printer.printAttributeWithoutType(value);
}

inline void printSize(mlir::OpAsmPrinter &printer, mlir::Operation *,
                      mlir::Attribute size) {
  printNamed(printer, size);
}

/// `[size, ...]`
inline mlir::ParseResult parseShape(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &shape) {
  llvm::SmallVector<mlir::Attribute> sizes;
  if (parser.parseCommaSeparatedList(mlir::OpAsmParser::Delimiter::Square, [&] {
        return parseSize(parser, sizes.emplace_back());
      }))
    return mlir::failure();
  shape = parser.getBuilder().getArrayAttr(sizes);
  return mlir::success();
}

inline void printShape(mlir::OpAsmPrinter &printer, mlir::Operation *,
                       mlir::ArrayAttr shape) {
  printer << '[';
  llvm::interleaveComma(
      shape, printer, [&](mlir::Attribute size) { printNamed(printer, size); });
  printer << ']';
}

/// `@name`, an expression or a number.
inline mlir::ParseResult parseReal(mlir::OpAsmParser &parser,
                                   mlir::Attribute &real) {
  return parseNamed(parser, real, [&]() -> mlir::ParseResult {
    double value;
    if (parser.parseFloat(value))
      return mlir::failure();
    real = parser.getBuilder().getF64FloatAttr(value);
    return mlir::success();
  });
}

inline void printReal(mlir::OpAsmPrinter &printer, mlir::Operation *,
                      mlir::Attribute real) {
  printNamed(printer, real);
}

/// `@name`, `false`, or nothing where the word before has said it.
inline mlir::ParseResult parseFlag(mlir::OpAsmParser &parser,
                                   mlir::Attribute &flag) {
  mlir::StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol)))
    flag = mlir::FlatSymbolRefAttr::get(symbol);
  else
    flag = parser.getBuilder().getBoolAttr(
        failed(parser.parseOptionalKeyword("false")));
  return mlir::success();
}

inline void printFlag(mlir::OpAsmPrinter &printer, mlir::Operation *,
                      mlir::Attribute flag) {
  auto value = mlir::dyn_cast<mlir::BoolAttr>(flag);
  if (!value)
    printer << flag;
  else if (!value.getValue())
    printer << "false";
}

//===----------------------------------------------------------------------===//
// Weights, words, parameters
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

/// `begin to end (of group)?`
inline mlir::ParseResult parseRowRange(mlir::AsmParser &parser,
                                       RowRangeAttr &rows) {
  mlir::Attribute begin, end, group;
  llvm::SMLoc where = parser.getCurrentLocation();
  if (parseSize(parser, begin) || parser.parseKeyword("to") ||
      parseSize(parser, end) ||
      (succeeded(parser.parseOptionalKeyword("of")) &&
       parseSize(parser, group)))
    return mlir::failure();
  rows = RowRangeAttr::getChecked([&] { return parser.emitError(where); },
                                  parser.getContext(), begin, end, group);
  return mlir::success(rows != nullptr);
}

inline void printRowRange(mlir::AsmPrinter &printer, RowRangeAttr rows) {
  printNamed(printer, rows.getBegin());
  printer << " to ";
  printNamed(printer, rows.getEnd());
  if (rows.getGroup()) {
    printer << " of ";
    printNamed(printer, rows.getGroup());
  }
}

inline void printRowRange(mlir::OpAsmPrinter &printer, mlir::Operation *,
                          RowRangeAttr rows) {
  printRowRange(printer, rows);
}

/// What a parameter is without the checkpoint: `"word"`, a number, `@other`, an
/// expression, `rows "weight"`, or `absent`, a unit.
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
  return parseNamed(parser, fallback,
                    [&] { return parser.parseAttribute(fallback); });
}

/// `"key" (of [...] | at place)? (else fallback)?`, or what it is without a
/// key.
inline mlir::ParseResult parseParameter(mlir::OpAsmParser &parser,
                                        mlir::StringAttr &key,
                                        mlir::ArrayAttr &cases,
                                        mlir::IntegerAttr &place,
                                        mlir::Attribute &fallback) {
  std::string text;
  if (failed(parser.parseOptionalString(&text)))
    return parseFallback(parser, fallback);
  key = parser.getBuilder().getStringAttr(text);
  if (succeeded(parser.parseOptionalKeyword("of")) &&
      parser.parseAttribute(cases))
    return mlir::failure();
  if (succeeded(parser.parseOptionalKeyword("at")) && parseSize(parser, place))
    return mlir::failure();
  if (succeeded(parser.parseOptionalKeyword("else")))
    return parseFallback(parser, fallback);
  return mlir::success();
}

inline void printParameter(mlir::OpAsmPrinter &printer, mlir::Operation *,
                           mlir::StringAttr key, mlir::ArrayAttr cases,
                           mlir::IntegerAttr place, mlir::Attribute fallback) {
  if (key)
    printer << key;
  if (cases)
    printer << " of " << cases;
  if (place)
    printer << " at " << place.getInt();
  if (!fallback)
    return;
  if (key)
    printer << " else ";
  if (auto rows = mlir::dyn_cast<RowsAttr>(fallback))
    printer << "rows " << rows.getWeight();
  else if (mlir::isa<mlir::UnitAttr>(fallback))
    printer << "absent";
  else
    printNamed(printer, fallback);
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

} // namespace quipu

#endif // QUIPU_DIALECT_QUIPUASSEMBLY_H
