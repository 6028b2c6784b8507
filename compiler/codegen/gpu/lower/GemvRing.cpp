//===- GemvRing.cpp - Copies weights ahead into shared memory -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Slots are numbered in the order in which the block takes them; slot number n
// lies in place n % `slots` of the ring. What a block asks for is answered in
// turn, so only as much is asked for as keeps memory busy: the tokens' rows,
// for which all warps wait, would stand behind it.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/GemvLowering.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

Value GemvLowering::getBarrier(Value place, bool isEmpty) {
  return b.at(b.at(shared, barriersAt + (isEmpty ? slots * 8 : 0)),
              b.mul(place, 8));
}

void GemvLowering::initBarriers() {
  b.ifThen(b.equal(thread, 0), [&] {
    b.forEach(0, slots, 1, [&](Value place) {
      b.initBarrier(getBarrier(place, /*isEmpty=*/false), 1);
      b.initBarrier(getBarrier(place, /*isEmpty=*/true), slotWarps);
    });
    if (!vectors.empty())
      b.initBarrier(b.at(shared, vectorBarrierAt), 1);
    b.fenceBarriers();
  });
  b.syncBlock();
}

/// The parity of the turn of the ring in which slot `number` is copied.
static Value getParity(DeviceBuilder &b, Value number, int64_t slots) {
  return b.bitAnd(b.divide(number, slots), 1);
}

void GemvLowering::copySlot(const GemvUnits &units, const GemvTile &tile,
                            Value unit, Value slot, Value number) {
  LinearOp linear = tile.linear;
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  Value place = b.remainder(number, slots);
  if (firstInFlight < slots) {
    // The ring is filled for the first time mostly before the rows are there.
    Value before = b.sub(
        number, b.select(b.less(number, slots), firstInFlight, slotsInFlight));
    b.ifThen(b.less(-1, before), [&] {
      b.waitParity(getBarrier(b.remainder(before, slots), /*isEmpty=*/false),
                   getParity(b, before, slots));
    });
  }
  b.waitParity(getBarrier(place, /*isEmpty=*/true),
               b.bitXor(getParity(b, number, slots), 1));
  Value bytes =
      b.select(b.equal(slot, tileSlots - 1), layout.slotBytes(tileSlots - 1),
               b.i32(layout.slotBytes(0)));
  Value full = getBarrier(place, /*isEmpty=*/false);
  b.arriveExpecting(full, bytes);
  b.copyBulk(
      b.at(b.at(shared, ringAt), b.mul(place, slotBytes)),
      b.at(getTileAt(units, tile, unit), b.mul(slot, layout.fullSlotBytes())),
      bytes, full, /*readOnce=*/tokens == 1);
}

void GemvLowering::copyVectors() {
  Value barrier = b.at(shared, vectorBarrierAt);
  int64_t bytes = 0;
  for (const GemvVector &vector : vectors)
    bytes += vector.bytes();
  b.arriveExpecting(barrier, bytes);
  for (const GemvVector &vector : vectors)
    b.copyBulk(b.at(shared, vector.at), getWeight(vector.weight.getSymbol()),
               vector.bytes(), barrier);
}

void GemvLowering::waitForVectors(Elements &elements) {
  if (vectors.empty())
    return;
  b.waitParity(b.at(shared, vectorBarrierAt), b.i32(0));
  for (const GemvVector &vector : vectors)
    elements.setVector(vector.weight, b.at(shared, vector.at));
}

void GemvLowering::emitProducer(Value block) {
  b.ifThen(b.equal(lane, 0), [&] {
    if (!vectors.empty())
      copyVectors();
    b.forEach(block, unitCount, blocks, {b.i32(0)},
              [&](Value unit, Values taken) {
                auto copy = [&](const GemvUnits &units, int64_t first,
                                Value number, Value taken) {
                  return b.forEach(
                      0, tileSlots, 1, {taken}, [&](Value slot, Values taken) {
                        for (int64_t i = 0; i < 2; ++i)
                          copySlot(units, units.tiles[first + i], number, slot,
                                   b.add(b.mul(taken[0], 2), i));
                        return Values{b.add(taken[0], 1)};
                      })[0];
                };
                return Values{walk(unit, taken[0], copy)};
              });
  });
}

/// Where the slot lies, once it has come.
Value GemvLowering::waitForSlot(Value number) {
  Value place = b.remainder(number, slots);
  b.waitParity(getBarrier(place, /*isEmpty=*/false),
               getParity(b, number, slots));
  return b.at(b.at(shared, ringAt), b.mul(place, slotBytes));
}

/// A warp has read slot `first` and the one behind it.
void GemvLowering::freeSlots(Value first) {
  b.syncWarp();
  b.ifThen(b.equal(lane, 0), [&] {
    for (int64_t i = 0; i < 2; ++i)
      b.arrive(getBarrier(b.remainder(b.add(first, i), slots),
                          /*isEmpty=*/true));
  });
}
