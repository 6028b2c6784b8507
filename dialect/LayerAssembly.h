//===- LayerAssembly.h - Syntax of what differs in layers -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_LAYERASSEMBLY_H
#define QUIPU_DIALECT_LAYERASSEMBLY_H

#include "dialect/QuipuAssembly.h"

namespace quipu {

/// A rule of a set of layers.
inline mlir::ParseResult parseLayerRule(mlir::OpAsmParser &parser,
                                        mlir::Attribute &rule) {
  mlir::MLIRContext *context = parser.getContext();
  llvm::StringRef word;
  if (parser.parseOptionalKeyword(&word, {"where", "every", "below"}))
    return parser.emitError(parser.getCurrentLocation(),
                            "expected where, every or below");
  mlir::Attribute first, second;
  if (word == "where") {
    mlir::StringAttr key;
    if (parser.parseAttribute(key, mlir::NoneType::get(context)) ||
        parser.parseKeyword("is") || parser.parseAttribute(first))
      return mlir::failure();
    rule = WhereAttr::get(context, key, first);
    return mlir::success();
  }
  if (parseSize(parser, first))
    return mlir::failure();
  if (word == "below") {
    rule = BelowAttr::get(context, first);
    return mlir::success();
  }
  if (parser.parseKeyword("from") || parseSize(parser, second))
    return mlir::failure();
  rule = EveryAttr::get(context, first, second);
  return mlir::success();
}

/// `rule else rule ...`
inline mlir::ParseResult parseLayerRules(mlir::OpAsmParser &parser,
                                         mlir::ArrayAttr &rules) {
  llvm::SmallVector<mlir::Attribute> all;
  do
    if (parseLayerRule(parser, all.emplace_back()))
      return mlir::failure();
  while (succeeded(parser.parseOptionalKeyword("else")));
  rules = parser.getBuilder().getArrayAttr(all);
  return mlir::success();
}

inline void printLayerRules(mlir::OpAsmPrinter &printer, mlir::Operation *,
                            mlir::ArrayAttr rules) {
  llvm::interleave(
      rules, printer,
      [&](mlir::Attribute rule) {
        if (auto where = mlir::dyn_cast<WhereAttr>(rule)) {
          printer << "where " << where.getKey() << " is ";
          printer.printAttributeWithoutType(where.getValue());
        } else if (auto every = mlir::dyn_cast<EveryAttr>(rule)) {
          printer << "every ";
          printNamed(printer, every.getStep());
          printer << " from ";
          printNamed(printer, every.getFirst());
        } else {
          printer << "below ";
          printNamed(printer, mlir::cast<BelowAttr>(rule).getCount());
        }
      },
      " else ");
}

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

/// `[0 to 3, 6]`
inline mlir::ParseResult parseLayerSet(mlir::OpAsmParser &parser,
                                       LayerSetAttr &layers) {
  layers = mlir::cast_or_null<LayerSetAttr>(LayerSetAttr::parse(parser, {}));
  return mlir::success(layers != nullptr);
}

inline void printLayerSet(mlir::OpAsmPrinter &printer, mlir::Operation *,
                          LayerSetAttr layers) {
  layers.print(printer);
}

/// `{ body } (but kind { body } in [...], ...)?`
inline mlir::ParseResult
parseBodies(mlir::OpAsmParser &parser,
            llvm::SmallVectorImpl<std::unique_ptr<mlir::Region>> &bodies,
            mlir::ArrayAttr &kinds, mlir::ArrayAttr &others) {
  auto parseBody = [&]() -> mlir::ParseResult {
    bodies.push_back(std::make_unique<mlir::Region>());
    if (parser.parseRegion(*bodies.back()))
      return mlir::failure();
    LayersOp::ensureTerminator(*bodies.back(), parser.getBuilder(),
                               parser.getEncodedSourceLoc(parser.getNameLoc()));
    return mlir::success();
  };
  if (parseBody())
    return mlir::failure();
  if (failed(parser.parseOptionalKeyword("but")))
    return mlir::success();
  llvm::SmallVector<mlir::Attribute> names;
  auto parseOther = [&]() -> mlir::ParseResult {
    std::string name;
    if (parser.parseKeywordOrString(&name))
      return mlir::failure();
    names.push_back(parser.getBuilder().getStringAttr(name));
    return parseBody();
  };
  if (parseOthers(parser, others, parseOther))
    return mlir::failure();
  kinds = parser.getBuilder().getArrayAttr(names);
  return mlir::success();
}

inline void printBodies(mlir::OpAsmPrinter &printer, mlir::Operation *,
                        mlir::RegionRange bodies, mlir::ArrayAttr kinds,
                        mlir::ArrayAttr others) {
  printer.printRegion(*bodies.front());
  if (!kinds || !others)
    return;
  printer << " but ";
  llvm::interleaveComma(llvm::zip(kinds.getAsRange<mlir::StringAttr>(),
                                  bodies.drop_front(),
                                  others.getAsRange<LayerSetAttr>()),
                        printer, [&](auto other) {
                          auto [kind, body, layers] = other;
                          printer.printKeywordOrString(kind.getValue());
                          printer << ' ';
                          printer.printRegion(*body);
                          printer << " in ";
                          layers.print(printer);
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

#endif // QUIPU_DIALECT_LAYERASSEMBLY_H
