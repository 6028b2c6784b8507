//===- fragment-layout-test.cpp - Packing for tensor cores ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "reference/ReferenceStorage.h"
#include "test/Expect.h"
#include "weights/FragmentLayout.h"
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>

using namespace quipu;

static const WeightFormat &getFormat(const char *name) {
  return *findWeightFormat(std::string_view(name));
}

/// Whether a scale, or a number, is one whose products f16 can hold.
static bool isModerate(const WeightFormat &format, uint16_t bits) {
  bool isHalf = format.scaleType == ScaleType::F16 && &format != &formatBF16;
  float scale = isHalf ? fromHalf(bits) : fromBFloat(bits);
  return std::fabs(scale) < 0.25f && std::fabs(scale) > 0x1p-10f;
}

/// Rows of a checkpoint with random codes and scales.
static std::vector<uint8_t> makeRows(const FragmentLayout &layout) {
  std::minstd_rand random(1);
  const WeightFormat &format = *layout.format;
  std::vector<uint8_t> rows(layout.n * layout.checkpointRowBytes());
  for (size_t at = 0; at < rows.size(); at += format.blockBytes)
    for (bool good = false; !good;) {
      for (int64_t i = 0; i < format.blockBytes; ++i)
        rows[at + i] = uint8_t(random() >> 8);
      WeightBlock block;
      if (format.isQuantized())
        format.readBlock(&rows[at], block);
      else
        block.scale = readHalf(&rows[at]);
      good = isModerate(format, block.scale);
      if (format.hasMinima)
        good &= isModerate(format, block.minimum);
    }
  return rows;
}

static std::vector<uint8_t> packFragments(const FragmentLayout &layout,
                                          const std::vector<uint8_t> &rows) {
  std::vector<uint8_t> packed(layout.bytes(), 0xee);
  for (int64_t tile = 0; tile < layout.tiles(); ++tile)
    layout.packTile(rows.data(), tile, &packed[tile * layout.tileBytes()]);
  return packed;
}

/// For each row what the reference reads, and the sum of the sizes of what it
/// adds up.
static void readReference(const WeightLayout &layout,
                          const std::vector<uint8_t> &rows, int64_t row,
                          std::vector<float> &numbers,
                          std::vector<float> &sizes) {
  std::vector<uint8_t> packed(layout.bytes());
  for (int64_t tile = 0; tile < layout.tiles(); ++tile)
    layout.packTile(rows.data(), tile, &packed[tile * layout.tileBytes()]);
  numbers.resize(layout.k);
  reference::readWeightRow(packed.data(), layout, row, numbers.data());
  sizes.resize(layout.k);
  const WeightFormat &format = *layout.format;
  std::vector<WeightBlock> blocks;
  if (format.hasMinima)
    blocks = layout.readRow(&packed[row / tileRows * layout.tileBytes()],
                            row % tileRows);
  for (int64_t i = 0; i < layout.k; ++i) {
    sizes[i] = std::fabs(numbers[i]);
    if (!format.hasMinima)
      continue;
    const WeightBlock &block = blocks[i / format.blockElements];
    int64_t group = i % format.blockElements / format.groupElements;
    sizes[i] +=
        std::fabs(fromHalf(block.minimum) *
                  (format.hasGroupScales ? block.groupMinima[group] : 1));
  }
}

static void testNumbers(const WeightFormat &format, int64_t n, int64_t k) {
  FragmentLayout layout{&format, n, k};
  std::vector<uint8_t> rows = makeRows(layout);
  std::vector<uint8_t> packed = packFragments(layout, rows);
  std::vector<float> numbers, sizes;
  for (int64_t row = 0; row < layout.paddedRows(); ++row) {
    if (row < n)
      readReference({&format, n, k}, rows, row, numbers, sizes);
    for (int64_t column = 0; column < layout.paddedColumns(); ++column) {
      float number = layout.readNumber(packed.data(), row, column);
      if (row >= n || column >= k)
        EXPECT(number == 0);
      else if (!format.isQuantized())
        EXPECT(number == numbers[column]);
      else // scale, minimum and their sum are each rounded to 11 bits
        EXPECT(std::fabs(number - numbers[column]) <=
               sizes[column] * 0x1.02p-10f);
    }
  }
}

/// Codes fill a slot up to its scales; those are followed by the minima, and
/// all of it is a multiple of 16.
static void testPlaces(const WeightFormat &format, int64_t n, int64_t k) {
  FragmentLayout layout{&format, n, k};
  FragmentCodes codes = layout.codes();
  EXPECT(layout.bytes() % 256 == 0);
  std::set<int64_t> used; // half bytes
  auto use = [&](int64_t byte, int shift, int64_t halfBytes) {
    for (int64_t i = 0; i < halfBytes; ++i)
      EXPECT(used.insert(byte * 2 + shift / 4 + i).second);
  };
  for (int64_t row = 0; row < layout.paddedRows(); ++row)
    for (int64_t column = 0; column < layout.paddedColumns(); ++column) {
      FragmentPlace place = layout.getPlace(row, column);
      use(place.code, place.shift, codes.bits / 4);
      if (codes.hasScales() && column % codes.groupElements == 0) {
        use(place.scale, 0, 4);
        if (codes.hasMinima)
          use(place.minimum, 0, 4);
      }
    }
  EXPECT(*used.begin() == 0 && *used.rbegin() == layout.bytes() * 2 - 1);
  EXPECT(int64_t(used.size()) == layout.bytes() * 2);
  for (int64_t slot = 0; slot < layout.slots(); ++slot)
    EXPECT(layout.slotBytes(slot) % 16 == 0 &&
           codes.scalesOffset(layout.columnsOfSlot(slot)) % 16 == 0);
}

/// Slots of a tile are one piece, and packed alone they are the same.
static void testSlots() {
  FragmentLayout layout{&getFormat("Q4_K"), 12, 2304};
  EXPECT(layout.slots() == 3 && layout.columnsOfSlot(2) == 256);
  // 4 bits each of 8 x 1024, scales and minima of 32 groups.
  EXPECT(layout.fullSlotBytes() == 4096 + 2 * 512);
  EXPECT(layout.slotBytes(2) == 1024 + 2 * 128);
  EXPECT(layout.tileBytes() == 2 * 5120 + 1280);
  EXPECT(layout.bytes() == 16 * layout.tileBytes());
  std::vector<uint8_t> rows = makeRows(layout);
  std::vector<uint8_t> packed = packFragments(layout, rows);
  std::vector<uint8_t> slot(layout.slotBytes(2));
  layout.packSlot(rows.data(), 1, 2, slot.data());
  EXPECT(std::equal(slot.begin(), slot.end(),
                    packed.begin() + layout.tileBytes() + 2 * 5120));
}

/// What the lanes of a tensor core read, by hand: row 10 is row 2 of tile 1;
/// column 32 + 16 + 8 + 2 * 3 + 1 is the second of pair 3 of lane 4 * 2 + 3,
/// and in a panel the last of chunk 7, which lies in place 7 ^ 2.
static void testLanes() {
  for (const char *name : {"BF16", "Q8_0", "Q4_0"}) {
    FragmentLayout layout{&getFormat(name), 16, 64};
    FragmentPlace place = layout.getPlace(10, 63);
    int64_t byte = place.code - layout.tileBytes();
    if (layout.codes().bits == 16)
      EXPECT(byte == 2 * 128 + 5 * 16 + 7 * 2);
    else if (layout.codes().bits == 8)
      EXPECT(byte == 256 + 11 * 8 + 7);
    else // nibble 3 of the high half of the word
      EXPECT(byte == 128 + 11 * 4 + 3 && place.shift == 4);
    if (layout.codes().hasScales())
      EXPECT(place.scale ==
             layout.tileBytes() + layout.codes().bits * 64 + 16 + 2 * 2);
  }
}

/// Panels of f16 as they lie in memory: the numbers are their places in the
/// checkpoint. Chunk c of row r is at c ^ r, of row 8 at c again.
static void testPanels() {
  FragmentLayout layout{&getFormat("F16"), 9, 200};
  std::vector<uint8_t> rows(layout.n * layout.checkpointRowBytes());
  for (size_t i = 0; i < rows.size() / 2; ++i)
    std::memcpy(&rows[2 * i], std::array{uint16_t(i)}.data(), 2);
  std::vector<uint8_t> packed = packFragments(layout, rows);
  EXPECT(layout.tileBytes() == 4 * 8 * 128); // 200 columns in 4 panels
  auto read = [&](int64_t panel, int64_t row, int64_t place, int64_t number) {
    return readHalf(&packed[row / 8 * layout.tileBytes() + panel * 1024 +
                            row % 8 * 128 + place * 16 + number * 2]);
  };
  for (int64_t row = 0; row < 9; ++row)
    for (int64_t chunk = 0; chunk < 8; ++chunk)
      for (int64_t number = 0; number < 8; ++number) {
        int64_t place = chunk ^ row % 8, column = chunk * 8 + number;
        EXPECT(read(1, row, place, number) == row * 200 + 64 + column);
        EXPECT(read(3, row, place, number) ==
               (column < 8 ? row * 200 + 192 + column : 0));
      }
}

int main() {
  EXPECT(!isFragmentFormat(formatF32));
  std::string names(weightFormatNames());
  for (size_t at = 0, end; at < names.size(); at = end + 2) {
    end = std::min(names.find(", ", at), names.size());
    const WeightFormat &format = getFormat(names.substr(at, end - at).c_str());
    if (&format == &formatF32)
      continue;
    EXPECT(isFragmentFormat(format));
    int64_t block = format.blockElements;
    // Rows and columns to be padded, two slots, several tiles.
    testNumbers(format, 13, block == 1 ? 76 : 3 * block);
    testNumbers(format, 8, block == 256 ? 1280 : 1056);
    testPlaces(format, 9, block == 256 ? 1280 : 1056);
  }
  testSlots();
  testLanes();
  testPanels();
  puts("ok");
}
