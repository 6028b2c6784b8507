//===- GemvProducts.cpp - Segments of weights on tensor cores -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/GemvLowering.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// Blocks of a whole segment.
static constexpr int64_t fullBlocks =
    FragmentLayout::segmentColumns / FragmentCodes::blockColumns;

/// Word j of lane i of each four becomes word i of lane j.
static void transposeFours(DeviceBuilder &b, Values &words, Value lane) {
  for (unsigned distance : {1, 2}) {
    Value isUpper = b.notEqual(b.bitAnd(lane, distance), 0);
    for (unsigned i = 0; i < 4; ++i) {
      if (i & distance)
        continue;
      Value &low = words[i], &high = words[i + distance];
      // Each keeps one word and gets the other lane's of the same place.
      Value got = b.shuffleXor(b.select(isUpper, low, high), distance);
      low = b.select(isUpper, got, low);
      high = b.select(isUpper, high, got);
    }
  }
}

/// Four pairs of token `firstToken` + lane / 4 for a block of 32 columns.
Values GemvLowering::loadInput(Value block32, int64_t firstToken) {
  Value q = b.remainder(lane, 4);
  Value token = b.min(b.add(b.divide(lane, 4), firstToken), tokens - 1);
  if (!isInputShared) {
    Value from = b.at(b.at(getOperand(cast<BlockArgument>(input)),
                           b.mul(token, getRowBytes(inputType))),
                      b.add(b.mul(block32, 64), b.mul(q, 16)));
    // Four lanes read all of a token's 64 bytes at once.
    Values pairs = b.loadVector(b.getI32Type(), 4, from);
    transposeFours(b, pairs, lane);
    return pairs;
  }
  Value place = b.add(b.mul(block32, 64), b.mul(q, 16));
  if (tokens > 1)
    place = b.add(place, b.mul(token, inputRowBytes));
  return b.loadVector(b.getI32Type(), 4, b.at(b.at(shared, inputAt), place));
}

/// Where the warp's segment of a slot begins.
FragmentAddress GemvLowering::getSegment(LinearOp linear, Value slotAt,
                                         Value slot) {
  return getSegmentAddress(b, *getFragmentLayout(linear.getWeight().getType()),
                           slotAt, slot, b.remainder(warp, slotWarps));
}

Values GemvLowering::multiplyBlocks(ArrayRef<FragmentCodes> codes,
                                    ArrayRef<FragmentAddress> addresses,
                                    Value segment, int64_t blocks) {
  return multiplyFragments(
      b, codes, addresses, blocks,
      static_cast<int64_t>(llvm::divideCeil(tokens, 8)), lane,
      /*isShared=*/slots > 0, [&](int64_t block, int64_t chain) {
        return heldInput.empty()
                   ? loadInput(b.add(b.mul(segment, fullBlocks), block),
                               8 * chain)
                   : heldInput[block];
      });
}

/// The part of the rows that the warp multiplies all its segments with.
void GemvLowering::holdInput() {
  Value slot = b.remainder(b.divide(warp, slotWarps), tileSlots);
  Value segment = b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
  for (int64_t block = 0; block < fullBlocks; ++block)
    heldInput.push_back(loadInput(b.add(b.mul(segment, fullBlocks), block), 0));
}

/// A warp's segment of a pair's slots, whose sums go to
/// [tile][segment][token][8 rows].
void GemvLowering::emitSegment(ArrayRef<GemvTile> pair, ArrayRef<Value> slotsAt,
                               Value slot, Value sums) {
  Value segment = b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
  int64_t blocksLeft =
      columns / FragmentCodes::blockColumns - (segments - 1) * fullBlocks;
  SmallVector<FragmentCodes, 2> codes;
  SmallVector<FragmentAddress, 2> addresses;
  for (auto [tile, slotAt] : llvm::zip_equal(pair, slotsAt)) {
    LinearOp linear = tile.linear;
    codes.push_back(getFragmentLayout(linear.getWeight().getType())->codes());
    addresses.push_back(getSegment(linear, slotAt, slot));
  }
  auto multiplyAll = [&](int64_t blocks) {
    return multiplyBlocks(codes, addresses, segment, blocks);
  };
  Values sum = blocksLeft == fullBlocks || segments == 1
                   ? multiplyAll(blocksLeft)
                   : b.choose(
                         b.equal(segment, segments - 1),
                         [&] { return multiplyAll(blocksLeft); },
                         [&] { return multiplyAll(fullBlocks); });
  Value g = b.divide(lane, 4), q = b.remainder(lane, 4);
  int64_t rowBytes = FragmentLayout::tileRows * 4;
  int64_t tileSums = segments * tokens * rowBytes;
  Value first =
      b.at(sums, b.add(b.mul(segment, tokens * rowBytes), b.mul(g, 4)));
  for (size_t chain = 0; chain < sum.size() / 4; ++chain)
    for (int64_t i = 0; i < 2; ++i) {
      Value token = b.add(b.mul(q, 2), 8 * chain + i);
      b.ifThen(b.less(token, tokens), [&] {
        Value place = b.at(first, b.mul(token, rowBytes));
        b.store(sum[4 * chain + i], place);
        b.store(sum[4 * chain + 2 + i], b.at(place, tileSums));
      });
    }
}

Value GemvLowering::multiply(ArrayRef<GemvTile> pair, ArrayRef<Value> tilesAt,
                             Value sums, Value taken) {
  // The groups take the slots of all pairs in turn.
  static_assert(llvm::isPowerOf2_64(groups));
  Value group = b.divide(warp, slotWarps);
  Value first = b.remainder(b.sub(group, taken), groups);
  b.forEach(first, tileSlots, groups, [&](Value slot) {
    Value segment = b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
    Value number = b.mul(b.add(taken, slot), 2);
    SmallVector<Value, 2> slotsAt;
    for (size_t i = 0; i < 2; ++i) {
      LinearOp linear = pair[i].linear;
      slotsAt.push_back(
          slots
              ? waitForSlot(b.add(number, i))
              : b.at(tilesAt[i],
                     b.mul(slot, getFragmentLayout(linear.getWeight().getType())
                                     ->fullSlotBytes())));
    }
    auto run = [&] { emitSegment(pair, slotsAt, slot, sums); };
    if (segments % slotWarps == 0)
      run();
    else
      b.ifThen(b.less(segment, segments), run);
    if (slots)
      freeSlots(number);
  });
  return b.add(taken, tileSlots);
}
