//===- QuipuWeights.cpp - The weights that ops read -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QuipuAssembly.h"

using namespace mlir;
using namespace quipu;

//===----------------------------------------------------------------------===//
// The attribute
//===----------------------------------------------------------------------===//

WeightAttr WeightAttr::parseText(AsmParser &parser) {
  StringAttr symbol, name, fallback;
  RankedTensorType type;
  RowRangeAttr rows;
  bool optional = false;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    if (parser.parseColonType(type))
      return {};
  } else {
    // A string may have a type of its own behind it: here it has none.
    Type none = NoneType::get(parser.getContext());
    optional = succeeded(parser.parseOptionalKeyword("optional"));
    if (parser.parseAttribute(name, none) ||
        (succeeded(parser.parseOptionalKeyword("else")) &&
         parser.parseAttribute(fallback, none)) ||
        (succeeded(parser.parseOptionalKeyword("rows")) &&
         parseRowRange(parser, rows)))
      return {};
  }
  return get(parser.getContext(),
             symbol ? Attribute(FlatSymbolRefAttr::get(symbol)) : name,
             fallback, optional, rows, type);
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
  if (getRows()) {
    printer << " rows ";
    printRowRange(printer, getRows());
  }
  if (getType())
    printer << " : " << getType();
}

//===----------------------------------------------------------------------===//
// Its uses
//===----------------------------------------------------------------------===//

std::optional<int64_t> quipu::getLayerCount(Operation *op) {
  auto loop = op->getParentOfType<LayersOp>();
  auto count = loop ? dyn_cast<IntegerAttr>(loop.getCount()) : IntegerAttr();
  return count ? std::optional(count.getInt()) : std::nullopt;
}

/// Whether an op may see the declared weight as one of `type`.
static bool isSeenAs(WeightOp declared, RankedTensorType type, bool inKernel) {
  RankedTensorType known = declared.getTypeOfUses();
  if (known == type)
    return true;
  return inKernel && known.getShape() == type.getShape() &&
         llvm::is_contained(getFormats(known.getElementType()),
                            type.getElementType());
}

static LogicalResult verifyUse(Operation *op, WeightAttr weight,
                               SymbolTableCollection &symbols) {
  auto declared =
      symbols.lookupNearestSymbolFrom<WeightOp>(op, weight.getSymbol());
  if (!declared)
    return op->emitOpError("weight C1: there is no quipu.weight ")
           << weight.getName();
  bool inKernel = op->getParentOfType<KernelOp>() != nullptr;
  if (!isSeenAs(declared, weight.getType(), inKernel))
    return op->emitOpError("weight C2: ")
           << weight.getName() << " is " << declared.getTypeOfUses() << ", but "
           << weight.getType() << " here";
  // Of a kernel its launches know the layers.
  std::optional<int64_t> layers = getLayerCount(op);
  if (!inKernel && declared.getLayers() &&
      layers != int64_t(*declared.getLayers()))
    return op->emitOpError("weight C3: ")
           << weight.getName() << " has " << *declared.getLayers()
           << " layers, but is read in a loop of " << layers.value_or(0);
  return success();
}

Speculation::Speculatability quipu::getSpeculatability(Operation *op) {
  bool hasWeights = llvm::any_of(op->getAttrs(), [](NamedAttribute attribute) {
    return isa<WeightAttr>(attribute.getValue());
  });
  return hasWeights && op->getParentOfType<LayersOp>()
             ? Speculation::NotSpeculatable
             : Speculation::Speculatable;
}

bool quipu::isMatrixUse(Operation *op, StringRef attribute) {
  return isa<LinearOp, EmbedOp>(op) && attribute == "weight";
}

LogicalResult quipu::verifyWeightUses(Operation *op,
                                      SymbolTableCollection &symbols) {
  for (NamedAttribute attribute : op->getAttrs())
    if (auto weight = dyn_cast<WeightAttr>(attribute.getValue()))
      if (weight.getSymbol() && failed(verifyUse(op, weight, symbols)))
        return failure();
  return success();
}
