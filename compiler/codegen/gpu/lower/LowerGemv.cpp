//===- LowerGemv.cpp - Linear layers of few tokens on a GPU ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes units in turn: tiles of 8 rows of the weights that some columns
// of an output need. Pairs of tiles are operand A of the tensor cores, 16 rows,
// and tokens operand B. Sixteen warps multiply segments of 256 columns of a
// pair; the segments' sums meet in shared memory, where threads add them up and
// compute the output's numbers. One more warp copies slots of weights ahead
// into a ring, before what the kernel depends on is there.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/lower/GemvPlan.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

namespace {
class GemvLowering : public KernelLowering, GemvPlan {
public:
  using KernelLowering::KernelLowering;
  LogicalResult emit() final;

private:
  void emitProducer(Value block);
  void copySlot(const GemvUnits &units, const GemvTile &tile, Value unit,
                Value slot, Value place, Value turn);

  LogicalResult emitWorkers(Value block);
  void emitInput(Elements &elements);
  Value
  walk(Value unit, Value slots,
       function_ref<Value(const GemvUnits &, int64_t, Value, Value)> visit);
  Value multiply(ArrayRef<GemvTile> pair, ArrayRef<Value> tilesAt, Value sums,
                 Value taken);
  void emitSegment(ArrayRef<GemvTile> pair, ArrayRef<Value> slotsAt, Value slot,
                   Value sums);
  FragmentAddress getSegment(LinearOp linear, Value slotAt, Value slot);

  void addSegments();
  LogicalResult emitOutputs(Elements &elements, Value firstUnit);
  Value getColumn(const GemvUnits &units, Value unit, Value column);
  Value getTile(const GemvUnits &units, const GemvTile &tile, Value unit);
  Value getTileAt(const GemvUnits &units, const GemvTile &tile, Value unit);
  Values loadInput(Value block32, int64_t firstToken);
  void syncWorkers() { b.syncThreads(workersBarrier, workerThreads); }
  Value getBarrier(Value slot, bool isEmpty) {
    return b.at(b.at(shared, barriersAt + (isEmpty ? slots * 8 : 0)),
                b.mul(slot, 8));
  }

  Value shared, thread, lane, warp, count;
};
} // namespace

//===----------------------------------------------------------------------===//
// Units
//===----------------------------------------------------------------------===//

/// Visits the pairs of tiles of a unit, by the number of the first, whichever
/// output it is for; `slots` counts the pairs of slots before.
Value GemvLowering::walk(
    Value unit, Value slots,
    function_ref<Value(const GemvUnits &, int64_t, Value, Value)> visit) {
  std::function<Value(size_t)> from = [&](size_t i) -> Value {
    auto visitAll = [&] {
      Value now = slots;
      Value number = b.sub(unit, units[i].first);
      for (size_t pair = 0; pair < units[i].tiles.size(); pair += 2)
        now = visit(units[i], static_cast<int64_t>(pair), number, now);
      return now;
    };
    if (i + 1 == units.size())
      return visitAll();
    return b.choose(
        b.less(unit, units[i + 1].first), [&] { return Values{visitAll()}; },
        [&] { return Values{from(i + 1)}; })[0];
  };
  return from(0);
}

/// The tile of the weight, for a unit's number among those of its output.
Value GemvLowering::getTile(const GemvUnits &units, const GemvTile &tile,
                            Value unit) {
  if (!units.distance)
    return b.add(b.mul(unit, units.columnTiles), tile.shift);
  int64_t half = units.distance / FragmentLayout::tileRows;
  auto head = cast<RankedTensorType>(units.output.value.getType());
  int64_t tilesOfHead = head.getDimSize(2) / FragmentLayout::tileRows;
  return b.add(
      b.add(b.mul(b.divide(unit, half), tilesOfHead), b.remainder(unit, half)),
      tile.shift);
}

/// The first byte of that tile.
Value GemvLowering::getTileAt(const GemvUnits &units, const GemvTile &tile,
                              Value unit) {
  LinearOp linear = tile.linear;
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  return b.at(
      getWeight(linear.getWeight().getSymbol()),
      b.mul(b.extend(getTile(units, tile, unit)), b.i64(layout.tileBytes())));
}

//===----------------------------------------------------------------------===//
// The ring
//===----------------------------------------------------------------------===//

void GemvLowering::copySlot(const GemvUnits &units, const GemvTile &tile,
                            Value unit, Value slot, Value place, Value turn) {
  LinearOp linear = tile.linear;
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  b.waitParity(getBarrier(place, /*isEmpty=*/true), b.bitXor(turn, 1));
  Value bytes =
      b.select(b.equal(slot, tileSlots - 1), layout.slotBytes(tileSlots - 1),
               b.i32(layout.slotBytes(0)));
  Value full = getBarrier(place, /*isEmpty=*/false);
  b.arriveExpecting(full, bytes);
  b.copyBulk(
      b.at(b.at(shared, ringAt), b.mul(place, slotBytes)),
      b.at(getTileAt(units, tile, unit), b.mul(slot, layout.fullSlotBytes())),
      bytes, full);
}

void GemvLowering::emitProducer(Value block) {
  b.ifThen(b.equal(lane, 0), [&] {
    b.forEach(
        block, unitCount, blocks, {b.i32(0)}, [&](Value unit, Values taken) {
          auto copy = [&](const GemvUnits &units, int64_t first, Value number,
                          Value taken) {
            return b.forEach(
                0, tileSlots, 1, {taken}, [&](Value slot, Values taken) {
                  Value place = b.remainder(b.mul(taken[0], 2), slots);
                  Value turn = b.bitAnd(b.divide(b.mul(taken[0], 2), slots), 1);
                  for (int64_t i = 0; i < 2; ++i)
                    copySlot(units, units.tiles[first + i], number, slot,
                             b.add(place, i), turn);
                  return Values{b.add(taken[0], 1)};
                })[0];
          };
          return Values{walk(unit, taken[0], copy)};
        });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The tokens' rows in bf16, in shared memory in the order of fragments: a lane
/// reads 16 bytes for two steps of 16 columns.
void GemvLowering::emitInput(Elements &elements) {
  int64_t width = getElementsPerToken(inputType);
  auto *linear = *llvm::find_if(ops, llvm::IsaPred<LinearOp>);
  SmallVector<Operation *> before(ops.begin(),
                                  llvm::find(ops, linear)); // the prologue
  auto syncRows = [&] { b.syncThreads(rowsBarrier, rowThreads); };
  auto emitRow = [&](Value token) {
    elements.reduceRow(before, token, b.at(shared, scratchAt), thread,
                       syncRows);
    Value row = b.at(b.at(shared, inputAt), b.mul(token, inputRowBytes));
    auto load = [&](Value word) {
      Value column = b.mul(word, 2);
      auto loadPair = [&] {
        Value first = elements.get(input, token, column);
        Value second = elements.get(input, token, b.add(column, 1));
        return Values{b.pack(Half::F16, first, second)};
      };
      if (columns == width && tokens == 1)
        return loadPair();
      Value isThere = b.less(column, width);
      if (tokens > 1) // no row of a token that is not there
        isThere = arith::AndIOp::create(b, isThere, b.less(token, count));
      return b.choose(isThere, loadPair, [&] { return Values{b.i32(0)}; });
    };
    elements.forColumns(
        thread, columns / 2, load, [&](Value word, Values pair) {
          Value inBlock = b.remainder(word, 16);
          Value place = b.add(b.mul(b.divide(word, 16), 64),
                              b.add(b.mul(b.remainder(inBlock, 4), 16),
                                    b.mul(b.divide(inBlock, 4), 4)));
          b.store(pair[0], b.at(row, place));
        });
  };
  b.ifThen(b.less(thread, rowThreads), [&] {
    if (tokens == 1)
      return emitRow(b.i32(0));
    b.forEach(0, tokens, 1, [&](Value token) {
      emitRow(token);
      // Scratch memory is free again.
      syncRows();
    });
  });
  syncWorkers();
}

/// Four pairs of token `firstToken` + lane / 4 for a block of 32 columns.
Values GemvLowering::loadInput(Value block32, int64_t firstToken) {
  Value q = b.remainder(lane, 4);
  Value token = b.min(b.add(b.divide(lane, 4), firstToken), tokens - 1);
  if (!isInputShared) {
    Value from = b.at(b.at(getOperand(cast<BlockArgument>(input)),
                           b.mul(token, getRowBytes(inputType))),
                      b.add(b.mul(block32, 64), b.mul(q, 4)));
    Values pairs;
    for (int64_t i = 0; i < 4; ++i)
      pairs.push_back(b.load(b.getI32Type(), b.at(from, 16 * i)));
    return pairs;
  }
  Value place = b.add(b.mul(block32, 64), b.mul(q, 16));
  if (tokens > 1)
    place = b.add(place, b.mul(token, inputRowBytes));
  return b.loadVector(b.getI32Type(), 4, b.at(b.at(shared, inputAt), place));
}

/// Where the lane finds its numbers of the warp's segment of a slot.
FragmentAddress GemvLowering::getSegment(LinearOp linear, Value slotAt,
                                         Value slot) {
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  FragmentCodes codes = layout.codes();
  Value firstBlock =
      b.mul(b.remainder(warp, slotWarps),
            FragmentLayout::segmentColumns / FragmentCodes::blockColumns);
  // The last slot of a tile may be shorter.
  auto getParts = [&](auto offset) -> Value {
    int64_t last = offset(layout.columnsOfSlot(tileSlots - 1)),
            first = offset(layout.columnsOfSlot(0));
    Value begin = b.i32(first);
    if (last != first)
      begin = b.select(b.equal(slot, tileSlots - 1), last, begin);
    Value row = b.at(slotAt, b.add(begin, b.mul(b.divide(lane, 4), 2)));
    return b.at(row,
                b.mul(firstBlock, codes.groups(FragmentCodes::blockColumns) *
                                      FragmentCodes::groupBytes()));
  };
  FragmentAddress segment;
  segment.codes = b.at(slotAt, b.add(b.mul(firstBlock, codes.blockBytes()),
                                     b.mul(lane, codes.laneBytes())));
  if (codes.hasScales())
    segment.scales =
        getParts([&](int64_t columns) { return codes.scalesOffset(columns); });
  if (codes.hasMinima)
    segment.minima =
        getParts([&](int64_t columns) { return codes.minimaOffset(columns); });
  return segment;
}

/// Block number `block` of a segment.
static FragmentAddress getBlock(DeviceBuilder &b, const FragmentCodes &codes,
                                FragmentAddress segment, int64_t block) {
  int64_t groups = block * codes.groups(FragmentCodes::blockColumns) *
                   FragmentCodes::groupBytes();
  segment.codes = b.at(segment.codes, block * codes.blockBytes());
  if (segment.scales)
    segment.scales = b.at(segment.scales, groups);
  if (segment.minima)
    segment.minima = b.at(segment.minima, groups);
  return segment;
}

/// A warp's segment of a pair's slots: a chain of products from zero for each 8
/// tokens, whose sums go to [tile][segment][token][8 rows].
void GemvLowering::emitSegment(ArrayRef<GemvTile> pair, ArrayRef<Value> slotsAt,
                               Value slot, Value sums) {
  constexpr int64_t fullBlocks =
      FragmentLayout::segmentColumns / FragmentCodes::blockColumns;
  Value segment = b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
  int64_t blocksLeft =
      columns / FragmentCodes::blockColumns - (segments - 1) * fullBlocks;
  int64_t chains = static_cast<int64_t>(llvm::divideCeil(tokens, 8));
  SmallVector<FragmentCodes, 2> codes;
  SmallVector<FragmentAddress, 2> addresses;
  for (auto [tile, slotAt] : llvm::zip_equal(pair, slotsAt)) {
    LinearOp linear = tile.linear;
    codes.push_back(getFragmentLayout(linear.getWeight().getType())->codes());
    addresses.push_back(getSegment(linear, slotAt, slot));
  }
  auto multiplyAll = [&](int64_t blocks) {
    Values sum(4 * chains, b.f32(0));
    for (int64_t block = 0; block < blocks; ++block) {
      Values w[2];
      for (int64_t i = 0; i < 2; ++i)
        w[i] = readFragment(b, codes[i],
                            getBlock(b, codes[i], addresses[i], block));
      for (int64_t chain = 0; chain < chains; ++chain) {
        Values x =
            loadInput(b.add(b.mul(segment, fullBlocks), block), 8 * chain);
        auto first = sum.begin() + 4 * chain;
        Values now(first, first + 4);
        for (int64_t half = 0; half < 2; ++half)
          now = b.mma(Half::F16,
                      {w[0][2 * half], w[1][2 * half], w[0][2 * half + 1],
                       w[1][2 * half + 1]},
                      {x[2 * half], x[2 * half + 1]}, now);
        llvm::copy(now, first);
      }
    }
    return sum;
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
  for (int64_t chain = 0; chain < chains; ++chain)
    for (int64_t i = 0; i < 2; ++i) {
      Value token = b.add(b.mul(q, 2), 8 * chain + i);
      b.ifThen(b.less(token, tokens), [&] {
        Value place = b.at(first, b.mul(token, rowBytes));
        b.store(sum[4 * chain + i], place);
        b.store(sum[4 * chain + 2 + i], b.at(place, tileSums));
      });
    }
}

/// The slots of a pair; those that are this warp's it multiplies.
Value GemvLowering::multiply(ArrayRef<GemvTile> pair, ArrayRef<Value> tilesAt,
                             Value sums, Value taken) {
  Value group = b.divide(warp, slotWarps);
  return b.forEach(0, tileSlots, 1, {taken}, [&](Value slot, Values taken) {
    Value isMine = b.equal(b.remainder(taken[0], groups), group);
    b.ifThen(isMine, [&] {
      Value segment =
          b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
      auto run = [&](ArrayRef<Value> slotsAt) {
        if (segments % slotWarps == 0)
          emitSegment(pair, slotsAt, slot, sums);
        else
          b.ifThen(b.less(segment, segments),
                   [&] { emitSegment(pair, slotsAt, slot, sums); });
      };
      SmallVector<Value, 2> slotsAt;
      if (!slots) {
        for (auto [tile, at] : llvm::zip_equal(pair, tilesAt)) {
          LinearOp linear = tile.linear;
          slotsAt.push_back(b.at(
              at, b.mul(slot, getFragmentLayout(linear.getWeight().getType())
                                  ->fullSlotBytes())));
        }
        return run(slotsAt);
      }
      Value place = b.remainder(b.mul(taken[0], 2), slots);
      Value turn = b.bitAnd(b.divide(b.mul(taken[0], 2), slots), 1);
      for (int64_t i = 0; i < 2; ++i) {
        b.waitParity(getBarrier(b.add(place, i), /*isEmpty=*/false), turn);
        slotsAt.push_back(
            b.at(b.at(shared, ringAt), b.mul(b.add(place, i), slotBytes)));
      }
      run(slotsAt);
      b.syncWarp();
      b.ifThen(b.equal(lane, 0), [&] {
        for (int64_t i = 0; i < 2; ++i)
          b.arrive(getBarrier(b.add(place, i), /*isEmpty=*/true));
      });
    });
    return Values{b.add(taken[0], 1)};
  })[0];
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// Adds up the segments' sums, in rising order.
void GemvLowering::addSegments() {
  int64_t numbers = tokens * FragmentLayout::tileRows;
  b.forEach(thread, batch * tilesOfUnit * numbers, workerThreads, [&](Value i) {
    Value tile = b.divide(i, numbers), number = b.remainder(i, numbers);
    Value from =
        b.at(b.at(shared, sumsAt),
             b.add(b.mul(tile, segments * numbers * 4), b.mul(number, 4)));
    Value total = b.load(b.getF32Type(), from);
    for (int64_t segment = 1; segment < segments; ++segment)
      total = b.addF(total,
                     b.load(b.getF32Type(), b.at(from, segment * numbers * 4)));
    b.store(total, b.at(b.at(shared, totalsAt), b.mul(i, 4)));
  });
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

LogicalResult GemvLowering::emitOutputs(Elements &elements, Value firstUnit) {
  LogicalResult result = success();
  Value inBatch; // the number of the unit whose outputs are computed
  int64_t numbers = tokens * FragmentLayout::tileRows;
  auto setSources = [&](const GemvUnits &units) {
    for (auto [index, tile] : llvm::enumerate(units.tiles)) {
      if (tile.shift)
        continue;
      LinearOp linear = tile.linear;
      int64_t at = static_cast<int64_t>(index);
      int64_t size = units.distance
                         ? cast<RankedTensorType>(units.output.value.getType())
                               .getDimSize(2)
                         : 0;
      elements.set(linear.getResult(), [&, linear, at, size](
                                           Value token, Value column) mutable {
        Value tileNumber = b.add(b.mul(inBatch, tilesOfUnit), at);
        // The second tile follows the first.
        if (units.distance) {
          Value component = b.remainder(column, size);
          tileNumber =
              b.add(tileNumber,
                    b.select(b.less(component, units.distance), 0, b.i32(1)));
        } else if (units.columnTiles == 2) {
          Value tile = b.divide(column, FragmentLayout::tileRows);
          tileNumber = b.add(tileNumber, b.remainder(tile, 2));
        }

        Value number = b.add(b.mul(token, FragmentLayout::tileRows),
                             b.remainder(column, FragmentLayout::tileRows));
        Value total =
            b.load(b.getF32Type(),
                   b.at(b.at(shared, totalsAt),
                        b.mul(b.add(b.mul(tileNumber, numbers), number), 4)));
        return linear.getBias()
                   ? b.addF(total,
                            elements.getWeight(*linear.getBias(), column))
                   : total;
      });
    }
  };
  int64_t most = 0;
  for (const GemvUnits &units : units)
    most = std::max(most, units.columns());
  b.forEach(thread, batch * tokens * most, workerThreads, [&](Value i) {
    Value column = b.remainder(i, most);
    Value rest = b.divide(i, most);
    Value token = b.remainder(rest, tokens);
    inBatch = b.divide(rest, tokens);
    Value unit = b.add(firstUnit, b.mul(inBatch, blocks));
    Value isThere =
        arith::AndIOp::create(b, b.less(unit, unitCount), b.less(token, count));
    b.ifThen(isThere, [&] {
      std::function<void(size_t)> from = [&](size_t k) {
        auto compute = [&] {
          Value number = b.sub(unit, units[k].first);
          Value place = getColumn(units[k], number, column);
          Value isOutput = b.less(place, units[k].output.columns);
          if (units[k].columns() < most)
            isOutput = arith::AndIOp::create(
                b, isOutput, b.less(column, units[k].columns()));
          setSources(units[k]);
          b.ifThen(isOutput, [&] {
            Value value = elements.get(units[k].output.value, token, place);
            if (failed(elements.store(units[k].output, value, token, place)))
              result = failure();
          });
        };
        if (k + 1 == units.size())
          return compute();
        b.ifElse(b.less(unit, units[k + 1].first), compute,
                 [&] { from(k + 1); });
      };
      from(0);
    });
  });
  return result;
}

LogicalResult GemvLowering::emitWorkers(Value block) {
  b.waitForKernelBefore();
  Elements elements(*this);
  if (isInputShared)
    emitInput(elements);
  LogicalResult result = success();
  b.forEach(
      block, unitCount, blocks * batch, {b.i32(0)},
      [&](Value firstUnit, Values taken) {
        Values now =
            b.forEach(0, batch, 1, taken, [&](Value inBatch, Values taken) {
              Value unit = b.add(firstUnit, b.mul(inBatch, blocks));
              auto visit = [&](const GemvUnits &units, int64_t first,
                               Value number, Value taken) {
                ArrayRef<GemvTile> pair = ArrayRef(units.tiles).slice(first, 2);
                Value sums = b.at(
                    b.at(shared, sumsAt),
                    b.mul(b.add(b.mul(inBatch, tilesOfUnit), first),
                          segments * tokens * FragmentLayout::tileRows * 4));
                SmallVector<Value, 2> tilesAt;
                for (const GemvTile &tile : pair)
                  tilesAt.push_back(slots ? Value()
                                          : getTileAt(units, tile, number));
                return multiply(pair, tilesAt, sums, taken);
              };
              return b.choose(
                  b.less(unit, unitCount),
                  [&] { return Values{walk(unit, taken[0], visit)}; },
                  [&] { return taken; });
            });
        syncWorkers();
        addSegments();
        syncWorkers();
        if (failed(emitOutputs(elements, firstUnit)))
          result = failure();
        syncWorkers();
        return now;
      });
  return result;
}

LogicalResult GemvLowering::emit() {
  if (failed(plan(kernel, gpu)))
    return failure();
  unsigned threads = workerThreads + (slots ? 32 : 0);
  return emitFunction("", threads, [&]() -> FailureOr<Launch> {
    shared = b.getSharedMemory();
    thread = b.getThread();
    lane = b.remainder(thread, 32);
    warp = b.getUniform(b.divide(thread, 32));
    count = getCount();
    Value block = b.getBlock();
    LogicalResult result = success();
    if (!slots) {
      result = emitWorkers(block);
    } else {
      b.ifThen(b.equal(thread, 0), [&] {
        b.forEach(0, slots, 1, [&](Value slot) {
          b.initBarrier(getBarrier(slot, /*isEmpty=*/false), 1);
          b.initBarrier(getBarrier(slot, /*isEmpty=*/true), slotWarps);
        });
        b.fenceBarriers();
      });
      b.syncBlock();
      b.ifElse(
          b.equal(warp, workerWarps), [&] { emitProducer(block); },
          [&] { result = emitWorkers(block); });
    }
    if (failed(result))
      return failure();
    return Launch{{blocks, 1, 1}, sharedBytes};
  });
}

std::unique_ptr<KernelLowering>
quipu::gpu::createGemvLowering(KernelOp kernel, GpuAttr gpu,
                               mlir::gpu::GPUModuleOp device) {
  return std::make_unique<GemvLowering>(kernel, gpu, device);
}
