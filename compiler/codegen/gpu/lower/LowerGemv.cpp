//===- LowerGemv.cpp - Linear layers of few tokens on a GPU ---------------===//
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

Value GemvLowering::getTileAt(const GemvUnits &units, const GemvTile &tile,
                              Value unit) {
  LinearOp linear = tile.linear;
  FragmentLayout layout = *getFragmentLayout(linear.getWeight().getType());
  return b.at(
      getWeight(linear.getWeight().getSymbol()),
      b.mul(b.extend(getTile(units, tile, unit)), b.i64(layout.tileBytes())));
}

/// Where the pair of columns that is number `word` of a row lies behind the
/// row's first byte: in the order of fragments, a lane reads 16 bytes for two
/// steps of 16 columns.
static Value getPairPlace(DeviceBuilder &b, Value word) {
  Value inBlock = b.remainder(word, 16);
  return b.add(b.mul(b.divide(word, 16), 64),
               b.add(b.mul(b.remainder(inBlock, 4), 16),
                     b.mul(b.divide(inBlock, 4), 4)));
}

/// Copies rows that are f16 in memory, 16 bytes a thread at a time.
void GemvLowering::copyInput() {
  constexpr int64_t atOnce = 8, pieceWords = 4;
  int64_t rowPieces = columns / 2 / pieceWords, pieces = tokens * rowPieces;
  int64_t width = getElementsPerToken(inputType);
  auto run = [&](Value first, int64_t turns) {
    SmallVector<std::pair<Value, Values>> loaded;
    for (int64_t i = 0; i < turns; ++i) {
      Value piece = b.add(first, i * workerThreads);
      Value token = b.divide(piece, rowPieces),
            word = b.mul(b.remainder(piece, rowPieces), pieceWords);
      Value isThere =
          b.bitAnd(b.less(token, count), b.less(b.mul(word, 2), width));
      auto load = [&] {
        Value row = b.at(getOperand(cast<BlockArgument>(input)),
                         b.mul(token, getRowBytes(inputType)));
        return b.loadVector(b.getI32Type(), pieceWords,
                            b.at(row, b.mul(word, 4)));
      };
      loaded.emplace_back(
          b.add(b.mul(token, inputRowBytes), getPairPlace(b, word)),
          b.choose(isThere, load, [&] { return Values(4, b.i32(0)); }));
    }
    for (auto &[place, words] : loaded)
      for (auto [i, word] : llvm::enumerate(words))
        b.store(word, b.at(b.at(shared, inputAt + 16 * int64_t(i)), place));
  };
  int64_t turns = pieces / workerThreads, chunks = turns / atOnce;
  b.forEach(thread, b.i32(chunks * atOnce * workerThreads),
            atOnce * workerThreads, [&](Value first) { run(first, atOnce); });
  if (turns % atOnce)
    run(b.add(thread, chunks * atOnce * workerThreads), turns % atOnce);
  Value last = b.add(thread, turns * workerThreads);
  if (pieces % workerThreads)
    b.ifThen(b.less(last, pieces), [&] { run(last, 1); });
  syncWorkers();
}

/// The tokens' rows in f16, in shared memory, see getPairPlace.
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
    elements.forColumns(thread, columns / 2, load,
                        [&](Value word, Values pair) {
                          b.store(pair[0], b.at(row, getPairPlace(b, word)));
                        });
  };
  b.ifThen(b.less(thread, rowThreads), [&] {
    waitForVectors(elements);
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

LogicalResult GemvLowering::emitWorkers(Value block) {
  b.waitForKernelBefore();
  Elements elements(*this);
  if (copiesInput && isInputShared)
    copyInput();
  else if (isInputShared)
    emitInput(elements);
  if (holdsInput)
    holdInput();
  LogicalResult result = success();
  b.forEach(
      block, unitCount, blocks * batch, {b.i32(0)},
      [&](Value firstUnit, Values taken) {
        SmallVector<Values> loaded;
        if (loadsAhead)
          loaded = loadAhead(elements, firstUnit);
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
        if (failed(emitOutputs(elements, firstUnit, loaded)))
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
      initBarriers();
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
