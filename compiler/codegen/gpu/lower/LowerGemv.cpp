//===- LowerGemv.cpp - Linear layers of few tokens on a GPU ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block takes units in turn: tiles of 8 rows of the weights that some columns
// of an output need. Eight warps multiply segments of 256 columns of a tile on
// tensor cores; the segments' sums meet in shared memory, where threads add
// them up and compute the output's numbers. A ninth warp copies slots of
// weights ahead into a ring, before what the kernel depends on is there.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/lower/Elements.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// The named barrier of the warps that multiply, and their number.
static constexpr unsigned workersBarrier = 1, workerWarps = rowThreads / 32;
/// Warps that share a slot: one for each of its segments.
static constexpr int64_t slotWarps =
    FragmentLayout::slotColumns / FragmentLayout::segmentColumns;
/// Shared memory for sums of segments.
static constexpr int64_t maxSumBytes = 32 << 10;

namespace {
/// A tile of a unit: of which weight, and which of the unit's tiles it is.
struct UnitTile {
  LinearOp linear;
  int64_t shift; // in tiles, from the unit's first
};

/// What a unit is for an output: `count` of them, from number `first` on.
struct Units {
  Output output;
  int64_t first, count;
  SmallVector<UnitTile> tiles;
  /// Columns of the unit: 8, or 8 and 8 at half a head's distance, where these
  /// turn together.
  int64_t distance; // in columns; 0: 8 columns
  int64_t columns() const { return distance ? 16 : 8; }
};

class GemvLowering : public KernelLowering {
public:
  using KernelLowering::KernelLowering;
  LogicalResult emit() final;

private:
  LogicalResult findUnits();
  LogicalResult addUnits(const Output &output);
  void layOut();
  void emitProducer(Value block);
  LogicalResult emitWorkers(Value block);
  void emitInput(Elements &elements);
  Value walk(Value unit, Value slots,
             function_ref<Value(const Units &, int64_t, Value, Value)> visit);
  Value multiply(const UnitTile &tile, Value tileAt, Value firstSum,
                 Value slots);
  void emitSegment(const UnitTile &tile, Value slotAt, Value slot,
                   Value sumsAt);
  void addSegments(Value thread);
  LogicalResult emitOutputs(Elements &elements, Value block, Value firstUnit,
                            Value thread);
  Value getColumn(const Units &units, Value unit, Value column);
  Value getTile(const Units &units, const UnitTile &tile, Value unit);
  Values loadInput(Value block32, bool upper);
  void syncWorkers() { b.syncThreads(workersBarrier, rowThreads); }
  Value getBarrier(Value slot, bool isEmpty) {
    return b.at(b.at(shared, barriersAt + (isEmpty ? slots * 8 : 0)),
                b.mul(slot, 8));
  }

  SmallVector<Units> units;
  int64_t unitCount = 0, tilesOfUnit = 1;
  SmallVector<Operation *> ops; // of the kernel
  Value input;                  // of all linear layers
  RankedTensorType inputType;
  int64_t tokens = 1, columns = 0; // columns are padded
  int64_t segments = 0, tileSlots = 0, slots = 0, slotBytes = 0;
  int64_t batch = 1, blocks = 1; // units of a block between outputs

  // Offsets in shared memory.
  int64_t inputAt = 0, inputRowBytes = 0, ringAt = 0, sumsAt = 0, totalsAt = 0,
          scratchAt = 0, barriersAt = 0, sharedBytes = 0;
  Value shared, thread, lane, warp, count;
};
} // namespace

//===----------------------------------------------------------------------===//
// What is computed where
//===----------------------------------------------------------------------===//

/// The linear layers and rotations behind a value.
static void findSources(Value value, SetVector<Operation *> &found) {
  Operation *op = value.getDefiningOp();
  if (!op || !found.insert(op))
    return;
  if (isa<LinearOp>(op))
    return;
  for (Value operand : op->getOperands())
    findSources(operand, found);
}

LogicalResult GemvLowering::addUnits(const Output &output) {
  SetVector<Operation *> sources;
  findSources(output.value, sources);
  Units added{output, unitCount, 0, {}, 0};
  for (Operation *op : sources)
    if (auto rope = dyn_cast<RopeOp>(op);
        rope && rope.getPairs() == Pairing::Halves)
      added.distance =
          cast<RankedTensorType>(rope.getAngles().getType()).getDimSize(1);
  if (added.distance % FragmentLayout::tileRows)
    return kernel.emitOpError("turns halves of ")
           << added.distance
           << " components, which a GPU's kernels for few tokens take by 8";
  int64_t tiles = llvm::divideCeil(output.columns, FragmentLayout::tileRows);
  added.count = added.distance ? tiles / 2 : tiles;
  for (Operation *op : sources)
    if (auto linear = dyn_cast<LinearOp>(op)) {
      added.tiles.push_back({linear, 0});
      if (added.distance)
        added.tiles.push_back(
            {linear, added.distance / FragmentLayout::tileRows});
    }
  tilesOfUnit = std::max<int64_t>(tilesOfUnit, added.tiles.size());
  unitCount += added.count;
  units.push_back(std::move(added));
  return success();
}

LogicalResult GemvLowering::findUnits() {
  auto linears = kernel.getOps<LinearOp>();
  input = (*linears.begin()).getInput();
  inputType = cast<RankedTensorType>(input.getType());
  tokens = inputType.getDimSize(0);
  FragmentLayout first =
      *getFragmentLayout((*linears.begin()).getWeight().getType());
  columns = first.paddedColumns();
  tileSlots = first.slots();
  segments = llvm::divideCeil(columns, FragmentLayout::segmentColumns);
  for (LinearOp linear : linears) {
    slotBytes =
        std::max(slotBytes,
                 getFragmentLayout(linear.getWeight().getType())->slotBytes(0));
    if (linear.getInput() != input)
      return kernel.emitOpError("has linear layers of several inputs");
  }
  for (const Output &output : getOutputs(kernel))
    if (failed(addUnits(output)))
      return failure();
  return success();
}

void GemvLowering::layOut() {
  auto schedule = cast<GpuGemvAttr>(kernel.getScheduleAttr());
  blocks = std::min(schedule.getBlocks(), unitCount);
  int64_t end = 0;
  auto place = [&](int64_t bytes) {
    int64_t at = end;
    end += llvm::alignTo(bytes, 128);
    return at;
  };
  // Rows of a multiple of 128 bytes and 64 more, so that the eight rows that
  // lanes read at once lie in all banks.
  inputRowBytes = llvm::alignTo(columns * 2, 128) + (tokens > 1 ? 64 : 0);
  int64_t tileSums = tokens * FragmentLayout::tileRows * 4;
  int64_t unitSums = tilesOfUnit * segments * tileSums;
  int64_t perBlock = llvm::divideCeil(unitCount, blocks);
  batch = std::clamp<int64_t>(maxSumBytes / unitSums, 1, perBlock);
  // A batch's outputs keep the threads busy once.
  batch = std::min(
      batch, std::max<int64_t>(1, rowThreads / (tokens * tilesOfUnit * 8)));
  inputAt = place(tokens * inputRowBytes);
  sumsAt = place(batch * unitSums);
  totalsAt = place(batch * tilesOfUnit * tileSums);
  scratchAt = place(Elements::getScratchBytes(ops));
  barriersAt = place(2 * 64 * 8);
  int64_t left = maxSharedBytes(gpu) - end;
  slots = std::min(schedule.getSlots(), left / slotBytes / 2 * 2);
  if (!gpu.hasBulkCopies())
    slots = 0;
  ringAt = place(slots * slotBytes);
  sharedBytes = end;
}

/// Visits the tiles of a unit, whichever output it is for; `slots` counts what
/// has been taken from the ring.
Value GemvLowering::walk(
    Value unit, Value slots,
    function_ref<Value(const Units &, int64_t, Value, Value)> visit) {
  std::function<Value(size_t)> from = [&](size_t i) -> Value {
    auto visitAll = [&] {
      Value now = slots;
      Value number = b.sub(unit, units[i].first);
      for (size_t tile = 0; tile < units[i].tiles.size(); ++tile)
        now = visit(units[i], static_cast<int64_t>(tile), number, now);
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
Value GemvLowering::getTile(const Units &units, const UnitTile &tile,
                            Value unit) {
  if (!units.distance)
    return unit;
  int64_t half = units.distance / FragmentLayout::tileRows;
  auto head = cast<RankedTensorType>(units.output.value.getType());
  int64_t tilesOfHead = head.getDimSize(2) / FragmentLayout::tileRows;
  return b.add(
      b.add(b.mul(b.divide(unit, half), tilesOfHead), b.remainder(unit, half)),
      tile.shift);
}

//===----------------------------------------------------------------------===//
// The ring
//===----------------------------------------------------------------------===//

void GemvLowering::emitProducer(Value block) {
  b.ifThen(b.equal(lane, 0), [&] {
    b.forEach(
        block, unitCount, blocks, {b.i32(0)}, [&](Value unit, Values taken) {
          auto copy = [&](const Units &units, int64_t index, Value number,
                          Value taken) {
            const UnitTile &tile = units.tiles[index];
            LinearOp linear = tile.linear;
            FragmentLayout layout =
                *getFragmentLayout(linear.getWeight().getType());
            Value from = b.at(getWeight(linear.getWeight().getSymbol()),
                              b.mul(b.extend(getTile(units, tile, number)),
                                    b.i64(layout.tileBytes())));
            return b.forEach(
                0, tileSlots, 1, {taken}, [&](Value slot, Values taken) {
                  Value place = b.remainder(taken[0], slots);
                  Value turn = b.bitAnd(b.divide(taken[0], slots), 1);
                  b.waitParity(getBarrier(place, /*isEmpty=*/true),
                               b.bitXor(turn, 1));
                  Value bytes = b.select(b.equal(slot, tileSlots - 1),
                                         layout.slotBytes(tileSlots - 1),
                                         b.i32(layout.slotBytes(0)));
                  Value full = getBarrier(place, /*isEmpty=*/false);
                  b.arriveExpecting(full, bytes);
                  b.copyBulk(
                      b.at(b.at(shared, ringAt), b.mul(place, slotBytes)),
                      b.at(from, b.mul(slot, layout.fullSlotBytes())), bytes,
                      full);
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
  b.forEach(0, tokens, 1, [&](Value token) {
    elements.reduceRow(before, token, b.at(shared, scratchAt), thread,
                       [&] { syncWorkers(); });
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
    // Scratch memory is free again.
    syncWorkers();
  });
}

/// Four pairs of rows g (or g + 8) of the lane for a block of 32 columns.
Values GemvLowering::loadInput(Value block32, bool upper) {
  Value g = b.divide(lane, 4), q = b.remainder(lane, 4);
  Value place = b.add(b.mul(block32, 64), b.mul(q, 16));
  if (tokens > 1) {
    Value row = b.min(upper ? b.add(g, 8) : g, tokens - 1);
    place = b.add(place, b.mul(row, inputRowBytes));
  }
  return b.loadVector(b.getI32Type(), 4, b.at(b.at(shared, inputAt), place));
}

/// A warp's segment of a slot: a chain of products from zero, whose sums go to
/// [token][8 rows].
void GemvLowering::emitSegment(const UnitTile &tile, Value slotAt, Value slot,
                               Value sums) {
  LinearOp linear = tile.linear;
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  FragmentCodes codes = layout.codes();
  Value inSlot = b.remainder(warp, slotWarps);
  Value segment = b.add(b.mul(slot, slotWarps), inSlot);
  constexpr int64_t fullBlocks =
      FragmentLayout::segmentColumns / FragmentCodes::blockColumns;
  int64_t blocksLeft =
      columns / FragmentCodes::blockColumns - (segments - 1) * fullBlocks;
  // The last slot of a tile may be shorter.
  auto getOffset = [&](auto offset) -> Value {
    int64_t last = offset(layout.columnsOfSlot(tileSlots - 1)),
            first = offset(layout.columnsOfSlot(0));
    Value full = b.i32(first);
    return last == first ? full
                         : b.select(b.equal(slot, tileSlots - 1), last, full);
  };
  Value g = b.divide(lane, 4), q = b.remainder(lane, 4);
  auto getScales = [&](auto offset) {
    Value row = b.at(slotAt, b.add(getOffset(offset), b.mul(g, 2)));
    return b.at(row, b.mul(b.mul(inSlot, fullBlocks),
                           codes.groups(FragmentCodes::blockColumns) *
                               FragmentCodes::groupBytes()));
  };
  FragmentAddress segmentAt;
  segmentAt.codes =
      b.at(slotAt, b.add(b.mul(b.mul(inSlot, fullBlocks), codes.blockBytes()),
                         b.mul(lane, codes.laneBytes())));
  if (codes.hasScales())
    segmentAt.scales =
        getScales([&](int64_t columns) { return codes.scalesOffset(columns); });
  if (codes.hasMinima)
    segmentAt.minima =
        getScales([&](int64_t columns) { return codes.minimaOffset(columns); });
  auto getAddress = [&](int64_t block) {
    FragmentAddress address = segmentAt;
    int64_t groups = block * codes.groups(FragmentCodes::blockColumns) *
                     FragmentCodes::groupBytes();
    address.codes = b.at(address.codes, block * codes.blockBytes());
    if (address.scales)
      address.scales = b.at(address.scales, groups);
    if (address.minima)
      address.minima = b.at(address.minima, groups);
    return address;
  };
  auto step = [&](int64_t block, Values sum) {
    Values w = readFragment(b, codes, getAddress(block));
    Value block32 = b.add(b.mul(segment, fullBlocks), block);
    Values x = loadInput(block32, false);
    Values upper = tokens > 8 ? loadInput(block32, true) : x;
    for (int64_t half = 0; half < 2; ++half)
      sum = b.mma(
          Half::F16,
          {x[2 * half], upper[2 * half], x[2 * half + 1], upper[2 * half + 1]},
          {w[2 * half], w[2 * half + 1]}, sum);
    return sum;
  };
  Values zeros(4, b.f32(0));
  auto multiplyAll = [&](int64_t blocks) {
    Values sum = zeros;
    for (int64_t block = 0; block < blocks; ++block)
      sum = step(block, sum);
    return sum;
  };
  Values sum = blocksLeft == fullBlocks
                   ? multiplyAll(fullBlocks)
                   : b.choose(
                         b.equal(segment, segments - 1),
                         [&] { return multiplyAll(blocksLeft); },
                         [&] { return multiplyAll(fullBlocks); });
  Value first = b.at(sums, b.mul(segment, tokens * 32));
  auto storeRow = [&](Value row, Value one, Value two) {
    b.ifThen(b.less(row, tokens), [&] {
      b.storeVector({one, two},
                    b.at(first, b.add(b.mul(row, 32), b.mul(q, 8))));
    });
  };
  storeRow(g, sum[0], sum[1]);
  if (tokens > 8)
    storeRow(b.add(g, 8), sum[2], sum[3]);
}

/// A tile's slots; those that are this warp's it multiplies.
Value GemvLowering::multiply(const UnitTile &tile, Value tileAt, Value sums,
                             Value taken) {
  FragmentLayout layout =
      *getFragmentLayout(LinearOp(tile.linear).getWeight().getType());
  Value group = b.divide(warp, slotWarps);
  return b.forEach(0, tileSlots, 1, {taken}, [&](Value slot, Values taken) {
    Value isMine =
        b.equal(b.remainder(taken[0], workerWarps / slotWarps), group);
    b.ifThen(isMine, [&] {
      Value segment =
          b.add(b.mul(slot, slotWarps), b.remainder(warp, slotWarps));
      auto run = [&](Value slotAt) {
        if (segments % slotWarps == 0)
          emitSegment(tile, slotAt, slot, sums);
        else
          b.ifThen(b.less(segment, segments),
                   [&] { emitSegment(tile, slotAt, slot, sums); });
      };
      if (!slots) {
        run(b.at(tileAt, b.mul(slot, layout.fullSlotBytes())));
        return;
      }
      Value place = b.remainder(taken[0], slots);
      b.waitParity(getBarrier(place, /*isEmpty=*/false),
                   b.bitAnd(b.divide(taken[0], slots), 1));
      run(b.at(b.at(shared, ringAt), b.mul(place, slotBytes)));
      b.syncWarp();
      b.ifThen(b.equal(lane, 0),
               [&] { b.arrive(getBarrier(place, /*isEmpty=*/true)); });
    });
    return Values{b.add(taken[0], 1)};
  })[0];
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// Adds up the segments' sums, in rising order.
void GemvLowering::addSegments(Value thread) {
  int64_t numbers = tokens * FragmentLayout::tileRows;
  b.forEach(thread, batch * tilesOfUnit * numbers, rowThreads, [&](Value i) {
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
Value GemvLowering::getColumn(const Units &units, Value unit, Value column) {
  if (!units.distance)
    return b.add(b.mul(unit, FragmentLayout::tileRows), column);
  Value first = getTile(units, units.tiles[0], unit);
  Value isSecond = b.divide(column, FragmentLayout::tileRows);
  return b.add(b.add(b.mul(first, FragmentLayout::tileRows),
                     b.remainder(column, FragmentLayout::tileRows)),
               b.mul(isSecond, units.distance));
}

LogicalResult GemvLowering::emitOutputs(Elements &elements, Value block,
                                        Value firstUnit, Value thread) {
  LogicalResult result = success();
  Value inBatch; // the number of the unit whose outputs are computed
  int64_t numbers = tokens * FragmentLayout::tileRows;
  auto setSources = [&](const Units &units) {
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
        if (units.distance) {
          // The second tile follows the first.
          Value component = b.remainder(column, size);
          tileNumber =
              b.add(tileNumber,
                    b.select(b.less(component, units.distance), 0, b.i32(1)));
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
  for (const Units &units : units)
    most = std::max(most, units.columns());
  b.forEach(thread, batch * tokens * most, rowThreads, [&](Value i) {
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
  emitInput(elements);
  LogicalResult result = success();
  b.forEach(
      block, unitCount, blocks * batch, {b.i32(0)},
      [&](Value firstUnit, Values taken) {
        Values now =
            b.forEach(0, batch, 1, taken, [&](Value inBatch, Values taken) {
              Value unit = b.add(firstUnit, b.mul(inBatch, blocks));
              auto visit = [&](const Units &units, int64_t index, Value number,
                               Value taken) {
                const UnitTile &tile = units.tiles[index];
                Value sums = b.at(
                    b.at(shared, sumsAt),
                    b.mul(b.add(b.mul(inBatch, tilesOfUnit), index),
                          segments * tokens * FragmentLayout::tileRows * 4));
                FragmentLayout layout = *getFragmentLayout(
                    LinearOp(tile.linear).getWeight().getType());
                Value tileAt =
                    slots ? Value()
                          : b.at(getWeight(LinearOp(tile.linear)
                                               .getWeight()
                                               .getSymbol()),
                                 b.mul(b.extend(getTile(units, tile, number)),
                                       b.i64(layout.tileBytes())));
                return multiply(tile, tileAt, sums, taken);
              };
              return b.choose(
                  b.less(unit, unitCount),
                  [&] { return Values{walk(unit, taken[0], visit)}; },
                  [&] { return taken; });
            });
        syncWorkers();
        addSegments(thread);
        syncWorkers();
        if (failed(emitOutputs(elements, block, firstUnit, thread)))
          result = failure();
        syncWorkers();
        return now;
      });
  return result;
}

LogicalResult GemvLowering::emit() {
  ops = llvm::to_vector(
      llvm::make_pointer_range(kernel.getBody().front().without_terminator()));
  if (failed(findUnits()))
    return failure();
  layOut();
  unsigned threads = rowThreads + (slots ? 32 : 0);
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
