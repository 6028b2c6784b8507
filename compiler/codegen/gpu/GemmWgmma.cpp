//===- GemmWgmma.cpp - Products of warpgroups -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warpgroup copies, two compute: each 64 rows of weights by all tokens of the
// tile. Tokens, and weights in f16, come by bulk copies, as wgmma reads them in
// shared memory. Other weights go to registers while the stage before is
// multiplied.
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

/// The named barrier at which the second computing warpgroup waits until the
/// first is half a segment ahead: one multiplies while the other adds segments.
static constexpr unsigned turnBarrier = 1, turnThreads = 2 * groupThreads;

namespace {
class WgmmaEmitter : public GemmEmitter {
public:
  using GemmEmitter::GemmEmitter;

private:
  void emitTiles(GemmEpilogue epilogue) final;
  void emitProducer(Value thread);
  Position fillStage(const Group &group, const Tile &tile, const Copies &copies,
                     Value block, Position position, Value thread, Value warp,
                     bool isRagged);
  void copyBulk(const Group &group, const Tile &tile, const Copies &copies,
                Value block, Value stage, Value full, Value warp,
                bool isRagged);
  void emitConsumer(Value thread, Value group, GemmEpilogue epilogue);

  /// What goes through the loop over a tile's segments.
  struct Running {
    Position position; // of the next stage, whose weights are in registers
    Values weights, sums;

    Values toValues() const {
      Values values = {position.stage, position.parity};
      llvm::append_range(values, weights);
      llvm::append_range(values, sums);
      return values;
    }
    void fromValues(ArrayRef<Value> values) {
      position = {values[0], values[1]};
      size_t count = weights.size();
      weights = Values(values.slice(2, count));
      sums = Values(values.drop_front(2 + count));
    }
  };
  struct Consumer {
    Value group, piece, lane;
    Value tokens, weights; // descriptors of stage 0's
  };
  void loadWeights(const Group &group, const Consumer &consumer,
                   Running &running);
  void runSegment(const Group &group, const Consumer &consumer,
                  Running &running, Value number, int64_t count, bool isLast);
  void release(const Consumer &consumer, Value stage);

  bool isConverted() const {
    return llvm::any_of(groups,
                        [](const Group &group) { return group.isConverted; });
  }
  /// Whether the last stage has columns that are no number of the model's.
  bool isRagged() const { return input.columns % stageColumns; }
  /// Warps that share a stage's bulk copies: one where these are tokens alone.
  unsigned copyWarps() const { return isConverted() ? 1 : groupThreads / 32; }
  /// Threads that copy some of the stages in chunks.
  unsigned chunkThreads() const {
    return isConverted() || isRagged() ? groupThreads : 0;
  }
  /// The first cannot be a tile ahead when a tile has more stages than the
  /// ring.
  bool takesTurns() const { return blocks() > shape.stages; }
  Value getBarriers() { return b.at(shared, shape.stages * stageBytes); }
  /// Arrived at when a stage has come, and when it has been read.
  Value getFull(Value stage) { return b.at(getBarriers(), b.mul(stage, 8)); }
  Value getEmpty(Value stage) { return b.at(getFull(stage), 8 * shape.stages); }
};
} // namespace

void WgmmaEmitter::emitTiles(GemmEpilogue epilogue) {
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
  b.waitForKernelBefore();
  b.ifElse(
      b.equal(group, 0), [&] { emitProducer(thread); },
      [&] { emitConsumer(thread, b.sub(group, 1), epilogue); });
}

void WgmmaEmitter::emitProducer(Value thread) {
  b.setRegisters(isConverted() ? convertRegisters.producer
                               : bulkRegisters.producer,
                 /*increase=*/false);
  Value warp = b.getUniform(b.divide(thread, 32));
  auto copyTile = [&](const Group &group, const Tile &tile,
                      Values state) -> Values {
    Copies copies = startCopies(group, tile, thread, groupThreads);
    auto copy = [&](Value block, Values state, bool isRagged) -> Values {
      Position position =
          fillStage(group, tile, copies, block, {state[0], state[1]}, thread,
                    warp, isRagged);
      return {position.stage, position.parity};
    };
    int64_t whole = input.columns / stageColumns;
    state = b.forEach(0, whole, 1, state, [&](Value block, Values state) {
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

/// `count` stages as a chain of products. While two of them are under way, the
/// weights of a third may go to registers.
void WgmmaEmitter::runSegment(const Group &group, const Consumer &consumer,
                              Running &running, Value number, int64_t count,
                              bool isLast) {
  constexpr int64_t steps = stageColumns / 16;
  Values sums;
  Value before;
  for (int64_t i = 0; i < count; ++i) {
    Value stage = running.position.stage;
    if (!group.isConverted)
      b.waitParity(getFull(stage), running.position.parity);
    Value behind = b.extend(b.mul(stage, stageBytes / 16));
    Value tokens = b.add(consumer.tokens, behind);
    Value weights = b.add(consumer.weights, behind);
    b.fenceWgmma();
    for (int64_t step = 0; step < steps; ++step) {
      Values a = group.isConverted
                     ? Values(ArrayRef(running.weights).slice(4 * step, 4))
                     : Values{b.add(weights, 2 * step)};
      sums = b.wgmma(Half::F16, shape.tokens, sums, a, b.add(tokens, 2 * step));
    }
    b.commitWgmma();
    if (takesTurns() && i == segmentBlocks / 2 - 1) {
      Value isAhead = arith::AndIOp::create(b, b.equal(consumer.group, 0),
                                            b.equal(number, 0));
      b.ifThen(isAhead, [&] { b.arriveThreads(turnBarrier, turnThreads); });
    }
    running.position = next(running.position);
    auto loadNext = [&] {
      if (group.isConverted && (i + 1 < count || !isLast))
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
  b.waitWgmma(0, sums);
  release(consumer, before);
  for (auto [total, sum] : llvm::zip_equal(running.sums, sums))
    total = b.addF(total, sum);
}

void WgmmaEmitter::emitConsumer(Value thread, Value number,
                                GemmEpilogue epilogue) {
  b.setRegisters(isConverted() ? convertRegisters.consumer
                               : bulkRegisters.consumer,
                 /*increase=*/true);
  Value warp = b.divide(b.remainder(thread, groupThreads), 32);
  Consumer consumer = {number,
                       b.add(b.mul(number, 4), warp),
                       b.remainder(thread, 32),
                       b.getDescriptor(shared),
                       {}};
  constexpr int64_t halfBytes = blockRows / 2 * rowBytes;
  consumer.weights =
      b.add(b.getDescriptor(b.at(shared, shape.tokens * rowBytes)),
            b.extend(b.mul(number, halfBytes / 16)));
  // A last segment is shorter unless it is 256 columns, too.
  int64_t rest = blocks() % segmentBlocks;
  int64_t whole = blocks() / segmentBlocks - (rest == 0);
  auto multiply = [&](const Group &group, const Tile &tile,
                      Values state) -> Values {
    Running running;
    running.position = {state[0], state[1]};
    running.sums.assign(shape.tokens / 2, b.f32(0));
    if (group.isConverted)
      loadWeights(group, consumer, running);
    if (takesTurns())
      b.ifThen(b.equal(consumer.group, 1),
               [&] { b.syncThreads(turnBarrier, turnThreads); });
    if (whole > 0)
      running.fromValues(b.forEach(
          0, whole, 1, running.toValues(), [&](Value number, Values values) {
            Running inLoop = running;
            inLoop.fromValues(values);
            runSegment(group, consumer, inLoop, number, segmentBlocks,
                       /*isLast=*/false);
            return inLoop.toValues();
          }));
    runSegment(group, consumer, running, b.i32(whole),
               rest ? rest : segmentBlocks, /*isLast=*/true);
    finish(group, tile, consumer.piece, consumer.lane, b.i32(0), running.sums,
           epilogue);
    return {running.position.stage, running.position.parity};
  };
  b.forEach(b.getBlock(), getTileCount(), b.getBlocks(), {b.i32(0), b.i32(0)},
            [&](Value number, Values state) {
              Tile tile = getTile(number);
              return forGroup(tile.feature, [&](const Group &group) {
                return multiply(group, tile, state);
              });
            });
}

std::unique_ptr<GemmEmitter>
quipu::gpu::createWgmmaEmitter(DeviceBuilder &b, ArrayRef<GemmTask> tasks,
                               const GemmInput &input, GemmShape shape) {
  return std::make_unique<WgmmaEmitter>(b, tasks, input, shape);
}
