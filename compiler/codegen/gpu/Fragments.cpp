//===- Fragments.cpp - Weights as operands of tensor cores ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/Panels.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// The table of lop3 for (a & b) | c.
static constexpr unsigned andOr = 0xea;

/// 1024 + code, for codes of up to 10 bits, has the bits of 1024 with the code
/// for its fraction.
static constexpr uint32_t bits1024 = 0x64006400;

/// Pairs of code - offset. The high nibble of a byte is 16 times as much.
static Values convertNibbles(DeviceBuilder &b, Value word, int offset) {
  Value ones = b.pairOf(Half::F16, 1024 + offset);
  Value scale = b.pairOf(Half::F16, 1.0 / 16);
  Value sixteens = b.pairOf(Half::F16, -(1024.0 / 16 + offset));
  Values pairs;
  for (unsigned byte = 0; byte < 2; ++byte) {
    Value bits = b.shiftRight(word, 8 * byte);
    Value low = b.lop3(bits, 0x000f000f, bits1024, andOr);
    Value high = b.lop3(bits, 0x00f000f0, bits1024, andOr);
    pairs.push_back(b.subPair(Half::F16, low, ones));
    pairs.push_back(b.fmaPair(Half::F16, high, scale, sixteens));
  }
  return pairs;
}

/// Pairs of byte - 128.
static Values convertBytes(DeviceBuilder &b, ValueRange words) {
  Values pairs;
  Value zero = b.pairOf(Half::F16, 1024 + 128);
  for (unsigned i = 0; i < 4; ++i) {
    // Bytes 4 to 7 are those of the 1024s.
    Value number =
        b.permuteBytes(words[i / 2], b.i32(bits1024), i % 2 ? 0x7372 : 0x7170);
    pairs.push_back(b.subPair(Half::F16, number, zero));
  }
  return pairs;
}

/// One of the two numbers of a pair, twice. Moved as halves, it takes no
/// instruction where it is multiplied.
static Value repeat(DeviceBuilder &b, Value pair, bool isSecond) {
  return b
      .ptx(isSecond ? "{ .reg .b16 l, h; mov.b32 {l, h}, $1; "
                      "mov.b32 $0, {h, h}; }"
                    : "{ .reg .b16 l, h; mov.b32 {l, h}, $1; "
                      "mov.b32 $0, {l, l}; }",
           b.getI32Type(), pair)
      .front();
}

/// The f16 at an address, twice.
static Value loadTwice(DeviceBuilder &b, Value at) {
  Value number =
      arith::ExtUIOp::create(b, b.getI32Type(), b.load(b.getI16Type(), at));
  return b.permuteBytes(number, number, 0x1010);
}

/// Codes of a block to its pairs; `scales` and `minima` are the block's.
static Values convert(DeviceBuilder &b, const FragmentCodes &codes,
                      ValueRange loaded, ValueRange scales, ValueRange minima) {
  Values pairs = codes.bits == 4 ? convertNibbles(b, loaded[0], codes.offset)
                                 : convertBytes(b, loaded);
  unsigned groupPairs = codes.groupElements / 8;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned group = i / groupPairs;
    pairs[i] = codes.hasMinima ? b.fmaPair(Half::F16, pairs[i], scales[group],
                                           minima[group])
                               : b.mulPair(Half::F16, pairs[i], scales[group]);
  }
  return pairs;
}

FragmentBlocks::FragmentBlocks(DeviceBuilder &b, const FragmentCodes &codes,
                               const FragmentAddress &first, int64_t columns,
                               Value lane, bool isShared)
    : b(b), codes(codes), first(first), columns(columns), lane(lane),
      isShared(isShared) {
  if (codes.hasPanels()) {
    // The address of a row of a matrix for ldmatrix, which hands pairs to the
    // lanes, or of the lane's own row.
    Value row = isShared ? b.remainder(lane, 8) : b.divide(lane, 4);
    Value column = b.mul(isShared ? b.divide(lane, 8) : b.i32(0), 8);
    place = getPlaceInPanel(b, row, column);
    return;
  }
  place = b.mul(lane, codes.laneBytes());
  scales = loadScales(first.scales);
  if (codes.hasMinima)
    minima = loadScales(first.minima);
}

Values FragmentBlocks::loadScales(Value at) {
  constexpr int64_t groupBytes = FragmentCodes::groupBytes();
  int64_t groups = codes.groups(columns);
  Values all;
  if (!isShared || groups % 8) {
    Value row = b.at(at, b.mul(b.divide(lane, 4), 2));
    for (int64_t group = 0; group < groups; ++group)
      all.push_back(loadTwice(b, b.at(row, group * groupBytes)));
    return all;
  }
  // Rows of a matrix are groups, and all rows of matrix i are groups 2i and
  // 2i + 1 in turn: transposed, each lane gets those of its weights' row.
  Value row =
      b.at(at, b.mul(b.add(b.mul(b.divide(lane, 8), 2), b.remainder(lane, 2)),
                     groupBytes));
  for (int64_t group = 0; group < groups; group += 8)
    for (Value pair :
         b.loadMatrices(row, /*transposed=*/true, group * groupBytes))
      for (bool isSecond : {false, true})
        all.push_back(repeat(b, pair, isSecond));
  return all;
}

/// Half of a panel: chunks 0 to 3, or 4 to 7, of each row.
Values FragmentBlocks::loadPanel(int64_t block) {
  constexpr int64_t chunkBytes = FragmentCodes::chunkBytes;
  constexpr int64_t halfBytes = 4 * chunkBytes;
  int64_t panel = block / 2 * FragmentCodes::panelBytes;
  Value half = block % 2 ? b.bitXor(place, halfBytes) : place;
  if (isShared)
    return b.loadMatrices(b.at(first.codes, half), /*transposed=*/false, panel);
  Values pairs;
  for (int64_t chunk = 0; chunk < 4; ++chunk) {
    Value pair = b.add(b.bitXor(half, chunk * chunkBytes),
                       b.mul(b.remainder(lane, 4), 4));
    pairs.push_back(
        b.load(b.getI32Type(), b.at(b.at(first.codes, pair), panel)));
  }
  return pairs;
}

Values FragmentBlocks::get(int64_t block) {
  if (codes.hasPanels())
    return loadPanel(block);
  int64_t groups = codes.groups(FragmentCodes::blockColumns);
  auto ofBlock = [&](const Values &all) {
    return all.empty() ? ValueRange()
                       : ValueRange(all).slice(block * groups, groups);
  };
  return convert(
      b, codes,
      b.loadVector(b.getI32Type(), codes.laneBytes() / 4,
                   b.at(b.at(first.codes, place), block * codes.blockBytes())),
      ofBlock(scales), ofBlock(minima));
}

FragmentAddress quipu::gpu::getSegmentAddress(DeviceBuilder &b,
                                              const FragmentLayout &layout,
                                              Value slotAt, Value slot,
                                              Value segment) {
  constexpr int64_t blocks =
      FragmentLayout::segmentColumns / FragmentCodes::blockColumns;
  FragmentCodes codes = layout.codes();
  Value firstBlock = b.mul(segment, blocks);
  // The last slot of a tile may be shorter.
  int64_t lastSlot = layout.slots() - 1;
  auto getParts = [&](auto offset) -> Value {
    int64_t last = offset(layout.columnsOfSlot(lastSlot)),
            first = offset(layout.columnsOfSlot(0));
    Value begin = b.i32(first);
    if (last != first)
      begin = b.select(b.equal(slot, lastSlot), last, begin);
    return b.at(b.at(slotAt, begin),
                b.mul(firstBlock, codes.groups(FragmentCodes::blockColumns) *
                                      FragmentCodes::groupBytes()));
  };
  FragmentAddress address;
  address.codes = b.at(slotAt, b.mul(firstBlock, codes.blockBytes()));
  if (codes.hasScales())
    address.scales =
        getParts([&](int64_t columns) { return codes.scalesOffset(columns); });
  if (codes.hasMinima)
    address.minima =
        getParts([&](int64_t columns) { return codes.minimaOffset(columns); });
  return address;
}

Values quipu::gpu::multiplyFragments(
    DeviceBuilder &b, ArrayRef<FragmentCodes> codes,
    ArrayRef<FragmentAddress> addresses, int64_t blocks, int64_t chains,
    Value lane, bool isShared,
    function_ref<Values(int64_t block, int64_t chain)> load) {
  SmallVector<FragmentBlocks, 2> tiles;
  for (auto [code, address] : llvm::zip_equal(codes, addresses))
    tiles.emplace_back(b, code, address, blocks * FragmentCodes::blockColumns,
                       lane, isShared);
  Values sum(4 * chains, b.f32(0));
  for (int64_t block = 0; block < blocks; ++block) {
    Values first = tiles[0].get(block), second = tiles[1].get(block);
    for (int64_t chain = 0; chain < chains; ++chain) {
      Values x = load(block, chain);
      auto begin = sum.begin() + 4 * chain;
      Values now(begin, begin + 4);
      for (int64_t half = 0; half < 2; ++half)
        now = b.mma(Half::F16,
                    {first[2 * half], second[2 * half], first[2 * half + 1],
                     second[2 * half + 1]},
                    {x[2 * half], x[2 * half + 1]}, now);
      llvm::copy(now, begin);
    }
  }
  return sum;
}
