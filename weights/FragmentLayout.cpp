//===- FragmentLayout.cpp - Weights in the order of tensor cores ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/FragmentLayout.h"
#include "weights/HalfFloats.h"

#include <cstring>
#include <vector>

using namespace quipu;

bool quipu::isFragmentFormat(const WeightFormat &format) {
  return format.isQuantized() || format.blockBytes == 2;
}

FragmentCodes::FragmentCodes(const WeightFormat &format)
    : bits(!format.isQuantized()                    ? 16
           : format.codeBits <= 4 && !format.values ? 4
                                                    : 8),
      groupElements(format.isQuantized() ? format.groupElements : 0),
      hasMinima(format.hasMinima), offset(bits == 16  ? 0
                                          : bits == 8 ? 128
                                                      : format.codeOffset()) {}

FragmentPlace FragmentLayout::getPlace(int64_t row, int64_t column) const {
  FragmentCodes codes = this->codes();
  int64_t slot = column / slotColumns, columns = columnsOfSlot(slot);
  int64_t begin = row / tileRows * tileBytes() + slotOffset(slot);
  int64_t g = row % tileRows;
  column %= slotColumns;
  if (codes.hasPanels())
    return {begin + FragmentCodes::panelOffset(g, column), 0, 0, 0};

  int64_t pair = column % codes.blockColumns / 8, q = column % 8 / 2;
  int64_t element = column % 2;
  int64_t bit = codes.bits == 4 ? 4 * pair + 16 * element
                                : codes.bits * (2 * pair + element);
  int64_t code = begin + column / codes.blockColumns * codes.blockBytes() +
                 (4 * g + q) * codes.laneBytes() + bit / 8;
  int64_t group = codes.hasScales() ? column / codes.groupElements : 0;
  int64_t number = group * codes.groupBytes() + 2 * g;
  return {code, int(bit % 8), begin + codes.scalesOffset(columns) + number,
          begin + codes.minimaOffset(columns) + number};
}

/// Pairs i of lane q are 4i + q of the 16 of a block's row; they become
/// `lanes[q][i]`. A number is a byte.
static void placePairs(const uint8_t *row, uint8_t *lanes) {
  uint16_t from[16], to[16];
  std::memcpy(from, row, sizeof(from));
  for (int64_t q = 0; q < 4; ++q)
    for (int64_t i = 0; i < 4; ++i)
      to[4 * q + i] = from[4 * i + q];
  std::memcpy(lanes, to, sizeof(to));
}

/// The same of codes that take a byte each in `row` and 4 bits in `lanes`.
static void placeNibbles(const uint8_t *row, uint8_t *lanes) {
  uint32_t words[4] = {};
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t q = 0; q < 4; ++q) {
      const uint8_t *pair = row + 8 * i + 2 * q;
      words[q] |= uint32_t(pair[0] | pair[1] << 16) << 4 * i;
    }
  std::memcpy(lanes, words, sizeof(words));
}

static void writeHalf(uint8_t *to, uint16_t bits) { std::memcpy(to, &bits, 2); }

/// The half of each bfloat16: conversions would take most of the time.
static const uint16_t *getHalves() {
  static const std::vector<uint16_t> halves = [] {
    std::vector<uint16_t> halves(1 << 16);
    for (uint32_t number = 0; number < halves.size(); ++number)
      halves[number] = toHalf(fromBFloat(uint16_t(number)));
    return halves;
  }();
  return halves.data();
}

namespace {
/// Writes rows of one slot of a tile.
class SlotWriter {
public:
  SlotWriter(const FragmentLayout &layout, int64_t slot, uint8_t *packed)
      : format(*layout.format), codes(format),
        stored(std::min(FragmentLayout::slotColumns,
                        layout.k - slot * FragmentLayout::slotColumns)),
        packed(packed),
        scales(packed + codes.scalesOffset(layout.columnsOfSlot(slot))),
        minima(packed + codes.minimaOffset(layout.columnsOfSlot(slot))) {
    std::memset(packed, 0, layout.slotBytes(slot));
    if (format.values)
      for (int code = 0; code < 1 << format.codeBits; ++code)
        bytes[code] = uint8_t(format.values[code] + codes.offset);
  }

  void writeRow(const uint8_t *row, int64_t g) {
    if (codes.bits == 16)
      return writeFloats(row, g);
    WeightBlock block;
    for (int64_t column = 0; column < stored;
         column += format.blockElements, row += format.blockBytes) {
      format.readBlock(row, block);
      writeCodes(block.codes, column, g);
      writeScales(block, column, g);
    }
  }

private:
  uint8_t *lanesOf(int64_t column, int64_t g) const {
    return packed + column / FragmentCodes::blockColumns * codes.blockBytes() +
           4 * g * codes.laneBytes();
  }

  void writeFloats(const uint8_t *row, int64_t g) {
    uint16_t numbers[FragmentLayout::slotColumns];
    std::memcpy(numbers, row, stored * 2);
    if (&format == &formatBF16)
      for (int64_t i = 0; i < stored; ++i)
        numbers[i] = halves[numbers[i]];
    constexpr int64_t chunk = FragmentCodes::chunkBytes / 2;
    if (stored % chunk)
      std::memset(numbers + stored, 0, (chunk - stored % chunk) * 2);
    for (int64_t column = 0; column < stored; column += chunk)
      std::memcpy(packed + FragmentCodes::panelOffset(g, column),
                  numbers + column, FragmentCodes::chunkBytes);
  }

  void writeCodes(uint8_t *numbers, int64_t column, int64_t g) {
    if (format.values)
      for (int64_t i = 0; i < format.blockElements; ++i)
        numbers[i] = bytes[numbers[i]];
    else if (int more = codes.offset - format.codeOffset())
      for (int64_t i = 0; i < format.blockElements; ++i)
        numbers[i] = uint8_t(numbers[i] + more);
    for (int64_t i = 0; i < format.blockElements;
         i += FragmentCodes::blockColumns) {
      uint8_t *lanes = lanesOf(column + i, g);
      if (codes.bits == 8)
        placePairs(numbers + i, lanes);
      else
        placeNibbles(numbers + i, lanes);
    }
  }

  void writeScales(const WeightBlock &block, int64_t column, int64_t g) {
    auto read = format.scaleType == ScaleType::F16 ? fromHalf : fromBFloat;
    float scale = read(block.scale);
    float minimum = format.hasMinima ? read(block.minimum) : 0;
    int64_t at = column / format.groupElements * codes.groupBytes() + 2 * g;
    for (int64_t group = 0; group < format.groups();
         ++group, at += codes.groupBytes()) {
      bool grouped = format.hasGroupScales;
      writeHalf(scales + at,
                toHalf(scale * (grouped ? block.groupScales[group] : 1)));
      if (format.hasMinima)
        writeHalf(minima + at,
                  toHalf(minimum * (grouped ? block.groupMinima[group] : 1)));
    }
  }

  const WeightFormat &format;
  FragmentCodes codes;
  int64_t stored; // columns that the checkpoint has
  uint8_t *packed, *scales, *minima;
  uint8_t bytes[256]; // what the format's values become
  const uint16_t *halves = getHalves();
};
} // namespace

void FragmentLayout::packSlot(const uint8_t *rows, int64_t tile, int64_t slot,
                              uint8_t *packed) const {
  SlotWriter writer(*this, slot, packed);
  int64_t first = tile * tileRows;
  const uint8_t *row =
      rows + first * checkpointRowBytes() +
      slot * slotColumns / format->blockElements * format->blockBytes;
  for (int64_t g = 0; g < std::min(tileRows, n - first);
       ++g, row += checkpointRowBytes())
    writer.writeRow(row, g);
}

void FragmentLayout::packTile(const uint8_t *rows, int64_t tile,
                              uint8_t *packed) const {
  for (int64_t slot = 0; slot < slots(); ++slot)
    packSlot(rows, tile, slot, packed + slotOffset(slot));
}

float FragmentLayout::readNumber(const uint8_t *packed, int64_t row,
                                 int64_t column) const {
  FragmentCodes codes = this->codes();
  FragmentPlace place = getPlace(row, column);
  if (codes.bits == 16)
    return fromHalf(readHalf(packed + place.code));
  int code = packed[place.code];
  if (codes.bits == 4)
    code = code >> place.shift & 15;
  float number =
      fromHalf(readHalf(packed + place.scale)) * float(code - codes.offset);
  if (codes.hasMinima)
    number += fromHalf(readHalf(packed + place.minimum));
  return fromHalf(toHalf(number));
}
