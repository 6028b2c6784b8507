//===- GemvOutputs.cpp - From products to a kernel's outputs --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread computes one number of an output of each batch of units. What it
// reads of global memory for it, as a residual or the page of a key, it loads
// before the batch's products are computed.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/GemvLowering.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Components of a head; of an output of halves that turn together.
static int64_t getHeadSize(const GemvUnits &units) {
  return cast<RankedTensorType>(units.output.value.getType()).getDimSize(2);
}

/// The output's column that is number `column` of a unit.
Value GemvLowering::getColumn(const GemvUnits &units, Value unit,
                              Value column) {
  if (!units.distance)
    return b.add(b.mul(unit, units.columns()), column);
  Value first = getTile(units, units.tiles[0], unit);
  Value isSecond = b.divide(column, FragmentLayout::tileRows);
  return b.add(b.add(b.mul(first, FragmentLayout::tileRows),
                     b.remainder(column, FragmentLayout::tileRows)),
               b.mul(isSecond, units.distance));
}

GemvLowering::OutputPlace GemvLowering::getOutputPlace(const GemvUnits &some,
                                                       Value firstUnit) {
  Value column = b.remainder(thread, unitColumns);
  Value rest = b.divide(thread, unitColumns);
  OutputPlace place;
  place.token = b.remainder(rest, tokens);
  place.unitInBatch = b.divide(rest, tokens);
  Value unit = b.add(firstUnit, b.mul(place.unitInBatch, blocks));
  place.column = getColumn(some, b.sub(unit, some.first), column);
  place.isThere = b.bitAnd(b.less(place.unitInBatch, batch),
                           b.less(unit, some.first + some.count));
  place.isThere = b.bitAnd(place.isThere, b.less(place.token, count));
  place.isThere =
      b.bitAnd(place.isThere, b.less(place.column, some.output.columns));
  if (some.first)
    place.isThere = b.bitAnd(place.isThere, b.less(some.first - 1, unit));
  if (some.columns() < unitColumns)
    place.isThere = b.bitAnd(place.isThere, b.less(column, some.columns()));
  return place;
}

/// The sums of a number's segments, added up in rising order.
Value GemvLowering::addSegments(Value tile, Value token, Value row) {
  int64_t numbers = tokens * FragmentLayout::tileRows;
  Value number = b.add(b.mul(token, FragmentLayout::tileRows), row);
  Value from =
      b.at(b.at(shared, sumsAt),
           b.add(b.mul(tile, segments * numbers * 4), b.mul(number, 4)));
  Value total = b.load(b.getF32Type(), from);
  for (int64_t segment = 1; segment < segments; ++segment)
    total = b.addF(total,
                   b.load(b.getF32Type(), b.at(from, segment * numbers * 4)));
  return total;
}

void GemvLowering::setProducts(Elements &elements, const GemvUnits &units,
                               Value unitInBatch) {
  for (auto [index, tile] : llvm::enumerate(units.tiles)) {
    if (tile.shift)
      continue;
    LinearOp linear = tile.linear;
    auto compute = [this, &elements, &units, linear, unitInBatch,
                    first = static_cast<int64_t>(index)](
                       Value token, Value column) mutable -> Value {
      Value total = b.f32(0);
      if (unitInBatch) {
        Value number = b.add(b.mul(unitInBatch, tilesOfUnit), first);
        // The second tile follows the first.
        if (units.distance)
          number = b.add(
              number, b.select(b.less(b.remainder(column, getHeadSize(units)),
                                      units.distance),
                               0, b.i32(1)));
        else if (units.columnTiles == 2)
          number =
              b.add(number,
                    b.remainder(b.divide(column, FragmentLayout::tileRows), 2));
        total = addSegments(number, token,
                            b.remainder(column, FragmentLayout::tileRows));
      }
      return linear.getBias()
                 ? b.addF(total, elements.getWeight(*linear.getBias(), column))
                 : total;
    };
    elements.set(linear.getResult(), compute);
  }
}

SmallVector<Values> GemvLowering::loadAhead(Elements &elements,
                                            Value firstUnit) {
  SmallVector<Values> all;
  for (const GemvUnits &some : units) {
    OutputPlace place = getOutputPlace(some, firstUnit);
    setProducts(elements, some, /*unitInBatch=*/{});
    SmallVector<Type> types;
    auto load = [&] {
      Values loaded = elements.record([&] {
        elements.get(some.output.value, place.token, place.column);
        (void)elements.getPlace(some.output, place.token, place.column);
      });
      llvm::append_range(types, ValueRange(loaded).getTypes());
      return loaded;
    };
    all.push_back(b.choose(place.isThere, load, [&] {
      Values none;
      for (Type type : types)
        none.push_back(LLVM::PoisonOp::create(b, type));
      return none;
    }));
  }
  return all;
}

LogicalResult GemvLowering::emitOutputs(Elements &elements, Value firstUnit,
                                        ArrayRef<Values> loaded) {
  LogicalResult result = success();
  for (auto [index, some] : llvm::enumerate(units)) {
    OutputPlace place = getOutputPlace(some, firstUnit);
    b.ifThen(place.isThere, [&, &some = some, index = index] {
      setProducts(elements, some, place.unitInBatch);
      auto store = [&] {
        Value value =
            elements.get(some.output.value, place.token, place.column);
        if (failed(
                elements.store(some.output, value, place.token, place.column)))
          result = failure();
      };
      if (loaded.empty())
        store();
      else
        elements.replay(loaded[index], store);
    });
  }
  return result;
}
