//===- GemmWgmma.cpp - Products of warpgroups -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warpgroup copies, two compute: each 64 rows of weights by all tokens of the
// tile. Tokens, and weights in f16, come by bulk copies, as wgmma reads them in
// shared memory: the first stage of a segment is multiplied while the sums of
// the segment before are added, in two sets of registers. Other weights go to
// registers while the stage before is multiplied.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Gemm.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static constexpr unsigned groupThreads = 128;
static constexpr unsigned consumerWarps = 8;

namespace {
/// What the launch gives 384 threads, 168 each, divided otherwise.
struct Registers {
  unsigned producer, consumer;
};
} // namespace
static constexpr Registers bulkRegisters{40, 232}, convertRegisters{72, 216};

namespace {
class WgmmaEmitter : public GemmEmitter {
public:
  using GemmEmitter::GemmEmitter;

private:
  void emitTiles(const GemmEpilogue &epilogue) final;
  void emitProducer(Value thread);
  Position fillStage(const Group &group, const Tile &tile, const Copies &copies,
                     Value block, Position position, Value thread, Value warp,
                     bool isRagged);
  void copyBulk(const Group &group, const Tile &tile, const Copies &copies,
                Value block, Value stage, Value full, Value warp,
                bool isRagged);
  void emitConsumer(Value thread, Value group, const GemmEpilogue &epilogue);

  /// What goes through the loop over a tile's segments.
  struct Running {
    Position position; // of the next stage, whose weights are in registers
    Values weights, sums;
    Values chain, spare; // of weights in f16: the one under way, and another

    Values toValues() const {
      Values values = {position.stage, position.parity};
      for (const Values *part : {&weights, &sums, &chain, &spare})
        llvm::append_range(values, *part);
      return values;
    }
    void fromValues(ArrayRef<Value> values) {
      position = {values[0], values[1]};
      values = values.drop_front(2);
      for (Values *part : {&weights, &sums, &chain, &spare}) {
        llvm::copy(values.take_front(part->size()), part->begin());
        values = values.drop_front(part->size());
      }
    }
  };
  struct Consumer {
    Value piece, lane;
    Value tokens, weights; // descriptors of stage 0's
  };
  void loadWeights(const Group &group, const Consumer &consumer,
                   Running &running);
  void startStage(const Group &group, const Consumer &consumer,
                  Running &running, Values &chain, bool isFirst = false);
  void convertSegment(const Group &group, const Consumer &consumer,
                      Running &running, int64_t count, bool isLast);
  void runConverted(const Group &group, const Consumer &consumer,
                    Running &running);
  void runSegment(const Group &group, const Consumer &consumer,
                  Running &running, int64_t segment);
  void runOverlapped(const Group &group, const Consumer &consumer,
                     Running &running);
  Values multiply(const Group &group, const Tile &tile, Consumer consumer,
                  Values state, const GemmEpilogue &epilogue);
  void release(const Consumer &consumer, Value stage);
  void releaseBefore(const Consumer &consumer, const Running &running);

  bool isConverted() const {
    return llvm::any_of(groups,
                        [](const Group &group) { return group.isConverted; });
  }
  /// Whether the last stage has columns that are no number of the model's.
  bool isRagged() const { return input.columns % stageColumns; }
  int64_t segments() const { return llvm::divideCeil(blocks(), segmentBlocks); }
  int64_t stagesOf(int64_t segment) const {
    return std::min(segmentBlocks, blocks() - segment * segmentBlocks);
  }
  /// Warps that share a stage's bulk copies: one where these are tokens alone.
  unsigned copyWarps() const { return isConverted() ? 1 : groupThreads / 32; }
  /// Threads that copy some of the stages in chunks.
  unsigned chunkThreads() const {
    return isConverted() || isRagged() ? groupThreads : 0;
  }
  Value getBarriers() { return b.at(shared, shape.stages * stageBytes); }
  /// Arrived at when a stage has come, and when it has been read.
  Value getFull(Value stage) { return b.at(getBarriers(), b.mul(stage, 8)); }
  Value getEmpty(Value stage) { return b.at(getFull(stage), 8 * shape.stages); }
};
} // namespace

void WgmmaEmitter::emitTiles(const GemmEpilogue &epilogue) {
  Value thread = b.getThread();
  Value group = b.getUniform(b.divide(thread, groupThreads));
  b.ifThen(b.equal(thread, 0), [&] {
    for (int64_t stage = 0; stage < shape.stages; ++stage) {
      // A lane says how many bytes come, and threads that their chunks have.
      b.initBarrier(getFull(b.i32(stage)), copyWarps() + chunkThreads());
      b.initBarrier(getEmpty(b.i32(stage)), consumerWarps);
    }
    b.fenceBarriers();
  });
  b.syncBlock();
  b.ifElse(
      b.equal(group, 0), [&] { emitProducer(thread); },
      [&] {
        b.waitForKernelBefore();
        emitConsumer(thread, b.sub(group, 1), epilogue);
      });
}

void WgmmaEmitter::emitProducer(Value thread) {
  b.setRegisters(isConverted() ? convertRegisters.producer
                               : bulkRegisters.producer,
                 /*increase=*/false);
  Value warp = b.getUniform(b.divide(thread, 32));
  // Warps that copy nothing but weights need no kernel before.
  if (isRagged())
    b.waitForKernelBefore();
  else
    b.ifThen(b.equal(warp, 0), [&] { b.waitForKernelBefore(); });
  auto copyTile = [&](const Group &group, const Tile &tile,
                      const Values &start) -> Values {
    Copies copies = startCopies(group, tile, thread);
    auto copy = [&](Value block, Values state, bool isRagged) -> Values {
      Position position =
          fillStage(group, tile, copies, block, {state[0], state[1]}, thread,
                    warp, isRagged);
      return {position.stage, position.parity};
    };
    int64_t whole = input.columns / stageColumns;
    Values state =
        b.forEach(0, whole, 1, start, [&](Value block, Values state) {
          return copy(block, state, /*isRagged=*/false);
        });
    return isRagged() ? copy(b.i32(whole), state, /*isRagged=*/true) : state;
  };
  auto copyTiles = [&] {
    b.forEach(b.getBlock(), getTileCount(), b.getBlocks(), {b.i32(0), b.i32(1)},
              [&](Value number, Values state) {
                Tile tile = getTile(number);
                return forGroup(tile.feature, [&](const Group &group) {
                  return copyTile(group, tile, state);
                });
              });
  };
  if (!chunkThreads()) {
    b.ifThen(b.isElected(), copyTiles);
    return;
  }
  copyTiles();
  b.waitCopies(0);
}

/// Fills a stage once it is empty, and gives the next.
GemmEmitter::Position WgmmaEmitter::fillStage(const Group &group,
                                              const Tile &tile,
                                              const Copies &copies, Value block,
                                              Position position, Value thread,
                                              Value warp, bool isRagged) {
  Value stage = getStage(position.stage), full = getFull(position.stage);
  b.waitParity(getEmpty(position.stage), position.parity);
  auto copy = [&] {
    copyBulk(group, tile, copies, block, stage, full, warp, isRagged);
  };
  Value number = copyWarps() == 1 ? thread : b.remainder(thread, 32);
  if (chunkThreads())
    b.ifThen(b.equal(number, 0), copy);
  else
    copy();
  if (isRagged)
    copyTokens(copies, block, stage, chunkThreads());
  if (group.isConverted)
    for (unsigned half : {0, 1})
      copyWeights(group, half, copies, block, stage, thread, groupThreads);
  if (isRagged) {
    // wgmma reads tokens by another way than these copies write.
    b.commitCopies();
    b.waitCopies(0);
    b.fenceAsync();
    b.arrive(full);
  } else if (group.isConverted) {
    b.arriveAfterCopies(full);
  } else if (chunkThreads()) {
    b.arrive(full);
  }
  return next(position);
}

/// Of warp 0 the tokens, and the warp's part of weights that stay as they are:
/// each tile of 8 rows is a copy.
void WgmmaEmitter::copyBulk(const Group &group, const Tile &tile,
                            const Copies &copies, Value block, Value stage,
                            Value full, Value warp, bool isRagged) {
  constexpr int64_t tileBytes = FragmentCodes::panelBytes;
  int64_t warpPieces = pieces / copyWarps();
  Value bytes = b.i32(group.isConverted ? 0 : 2 * warpPieces * tileBytes);
  Value tokenBytes = b.i32(shape.tokens * rowBytes);
  // A panel has rows for all tokens of a step, which may be no whole tiles.
  if (int64_t rows = input.panelBytes / rowBytes; rows % shape.tokens)
    tokenBytes =
        b.mul(b.min(b.sub(rows, tile.firstToken), shape.tokens), rowBytes);
  Value copiesTokens = b.equal(warp, 0);
  if (!isRagged)
    bytes = b.add(bytes, b.select(copiesTokens, tokenBytes, 0));
  b.arriveExpecting(full, bytes);
  if (!isRagged)
    b.ifThen(copiesTokens, [&] {
      b.copyBulk(
          stage,
          b.at(copies.tokens, b.mul(b.extend(block), b.i64(input.panelBytes))),
          tokenBytes, full);
    });
  if (group.isConverted)
    return;
  Value first = copyWarps() == 1 ? b.i32(0) : b.mul(warp, warpPieces);
  for (unsigned half : {0, 1}) {
    int64_t pieceBytes = getPieceBytes(group, half);
    Value from = b.at(
        b.at(copies.weights[half], b.mul(b.extend(first), b.i64(pieceBytes))),
        b.mul(block, tileBytes));
    Value to = b.at(stage, b.mul(first, group.codeStride(half)));
    for (int64_t piece = 0; piece < warpPieces; ++piece)
      b.copyBulk(b.at(to, group.codes[half] + piece * group.codeStride(half)),
                 b.at(from, piece * pieceBytes), tileBytes, full);
  }
}

void WgmmaEmitter::release(const Consumer &consumer, Value stage) {
  b.ifThen(b.equal(consumer.lane, 0), [&] { b.arrive(getEmpty(stage)); });
}

void WgmmaEmitter::loadWeights(const Group &group, const Consumer &consumer,
                               Running &running) {
  Value stage = running.position.stage;
  b.waitParity(getFull(stage), running.position.parity);
  running.weights =
      readWeights(group, getStage(stage), consumer.piece, consumer.lane);
}

/// Starts the products of the next stage, those of a chain that begins with
/// zero if it `isFirst`.
void WgmmaEmitter::startStage(const Group &group, const Consumer &consumer,
                              Running &running, Values &chain, bool isFirst) {
  Value stage = running.position.stage;
  if (!group.isConverted)
    b.waitParity(getFull(stage), running.position.parity);
  Value behind = b.extend(b.mul(stage, stageBytes / 16));
  Value tokens = b.add(consumer.tokens, behind);
  Value weights = b.add(consumer.weights, behind);
  b.fenceWgmma();
  for (int64_t step = 0; step < stageColumns / 16; ++step) {
    Values a = group.isConverted
                   ? Values(ArrayRef(running.weights).slice(4 * step, 4))
                   : Values{b.add(weights, 2 * step)};
    bool beginsAnew = isFirst && step == 0 && !chain.empty();
    chain = b.wgmma(Half::F16, shape.tokens, chain, a, b.add(tokens, 2 * step),
                    /*transposedB=*/false,
                    /*adds=*/beginsAnew ? b.i32(0) : Value());
  }
  b.commitWgmma();
  running.position = next(running.position);
}

//===----------------------------------------------------------------------===//
// Weights that are converted
//===----------------------------------------------------------------------===//

/// `count` stages as a chain of products. While two of them are under way, the
/// weights of a third go to registers.
void WgmmaEmitter::convertSegment(const Group &group, const Consumer &consumer,
                                  Running &running, int64_t count,
                                  bool isLast) {
  Values chain;
  Value before;
  for (int64_t i = 0; i < count; ++i) {
    Value stage = running.position.stage;
    startStage(group, consumer, running, chain, /*isFirst=*/i == 0);
    auto loadNext = [&] {
      if (i + 1 < count || !isLast)
        loadWeights(group, consumer, running);
    };
    // Of two stages the next is the one before.
    if (shape.stages > 2)
      loadNext();
    if (before) {
      b.waitWgmma(1, {});
      release(consumer, before);
    }
    if (shape.stages <= 2)
      loadNext();
    before = stage;
  }
  b.waitWgmma(0, chain);
  release(consumer, before);
  for (auto [total, sum] : llvm::zip_equal(running.sums, chain))
    total = b.addF(total, sum);
}

void WgmmaEmitter::runConverted(const Group &group, const Consumer &consumer,
                                Running &running) {
  loadWeights(group, consumer, running);
  int64_t last = segments() - 1;
  if (last)
    running.fromValues(b.forEach(
        0, last, 1, running.toValues(), [&](Value, const Values &values) {
          Running inLoop = running;
          inLoop.fromValues(values);
          convertSegment(group, consumer, inLoop, segmentBlocks,
                         /*isLast=*/false);
          return inLoop.toValues();
        }));
  convertSegment(group, consumer, running, stagesOf(last), /*isLast=*/true);
}

//===----------------------------------------------------------------------===//
// Weights as they lie in shared memory
//===----------------------------------------------------------------------===//

/// Of the two stages under way the first has been read when it is done.
void WgmmaEmitter::releaseBefore(const Consumer &consumer,
                                 const Running &running) {
  Value next = running.position.stage;
  release(consumer, b.select(b.less(next, 2), b.add(next, shape.stages - 2),
                             b.sub(next, 2)));
}

/// All but the first stage of a segment, and the first of the next one.
void WgmmaEmitter::runSegment(const Group &group, const Consumer &consumer,
                              Running &running, int64_t segment) {
  for (int64_t i = 1; i < stagesOf(segment); ++i) {
    startStage(group, consumer, running, running.chain);
    b.waitWgmma(1, {});
    releaseBefore(consumer, running);
  }
  if (segment + 1 == segments())
    return;
  startStage(group, consumer, running, running.spare, /*isFirst=*/true);
  b.waitWgmma(1, running.chain);
  releaseBefore(consumer, running);
  for (auto [total, sum] : llvm::zip_equal(running.sums, running.chain))
    total = b.addF(total, sum);
  // Now, not between the products of a later stage.
  b.waitWgmma(1, running.sums);
  std::swap(running.chain, running.spare);
}

void WgmmaEmitter::runOverlapped(const Group &group, const Consumer &consumer,
                                 Running &running) {
  startStage(group, consumer, running, running.chain, /*isFirst=*/true);
  runSegment(group, consumer, running, 0);
  // After two segments the chains are in their registers again.
  int64_t pairs = std::max<int64_t>(segments() - 2, 0) / 2;
  if (pairs)
    running.fromValues(b.forEach(
        0, pairs, 1, running.toValues(), [&](Value, const Values &values) {
          Running inLoop = running;
          inLoop.fromValues(values);
          for (int64_t segment : {1, 2})
            runSegment(group, consumer, inLoop, segment);
          return inLoop.toValues();
        }));
  for (int64_t i = 1 + 2 * pairs; i < segments(); ++i)
    runSegment(group, consumer, running, i);
  b.waitWgmma(0, running.chain);
  Value next = running.position.stage;
  release(consumer,
          b.select(b.equal(next, 0), shape.stages - 1, b.sub(next, 1)));
  for (auto [total, sum] : llvm::zip_equal(running.sums, running.chain))
    total = b.addF(total, sum);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Values WgmmaEmitter::multiply(const Group &group, const Tile &tile,
                              Consumer consumer, Values state,
                              const GemmEpilogue &epilogue) {
  // Addresses are computed for each tile: those of all groups, kept while there
  // are tiles, would take registers that sums need.
  for (Value *number : {&consumer.piece, &consumer.lane})
    *number = b.ptx("mov.b32 $0, $1;", b.getI32Type(), *number,
                    /*hasSideEffects=*/true)[0];
  Running running;
  running.position = {state[0], state[1]};
  running.sums.assign(shape.tokens / 2, b.f32(0));
  if (group.isConverted)
    runConverted(group, consumer, running);
  else
    runOverlapped(group, consumer, running);
  Place place{consumer.piece, consumer.lane, b.i32(0), shape.tokens};
  finish(group, tile, place, running.sums, epilogue);
  return {running.position.stage, running.position.parity};
}

void WgmmaEmitter::emitConsumer(Value thread, Value number,
                                const GemmEpilogue &epilogue) {
  b.setRegisters(isConverted() ? convertRegisters.consumer
                               : bulkRegisters.consumer,
                 /*increase=*/true);
  Value warp = b.divide(b.remainder(thread, groupThreads), 32);
  Consumer consumer = {b.add(b.mul(number, 4), warp),
                       b.remainder(thread, 32),
                       b.getDescriptor(shared),
                       {}};
  constexpr int64_t halfBytes = blockRows / 2 * rowBytes;
  consumer.weights =
      b.add(b.getDescriptor(b.at(shared, shape.tokens * rowBytes)),
            b.extend(b.mul(number, halfBytes / 16)));
  b.forEach(b.getBlock(), getTileCount(), b.getBlocks(), {b.i32(0), b.i32(0)},
            [&](Value number, Values state) {
              Tile tile = getTile(number);
              return forGroup(tile.feature, [&](const Group &group) {
                return multiply(group, tile, consumer, state, epilogue);
              });
            });
}

std::unique_ptr<GemmEmitter>
quipu::gpu::createWgmmaEmitter(DeviceBuilder &b, ArrayRef<GemmTask> tasks,
                               const GemmInput &input, GemmShape shape) {
  return std::make_unique<WgmmaEmitter>(b, tasks, input, shape);
}
