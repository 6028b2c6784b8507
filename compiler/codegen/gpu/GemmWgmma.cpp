//===- GemmWgmma.cpp - Products of warpgroups -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warpgroup copies, two compute: each 64 rows of weights by all tokens of the
// tile. While a stage is multiplied, the weights of the next go to registers.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Gemm.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static constexpr unsigned groupThreads = 128;
/// What the launch gives 384 threads, 168 each, divided otherwise.
static constexpr unsigned producerRegisters = 72, consumerRegisters = 216;
static constexpr unsigned consumerWarps = 8;

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
  void emitConsumer(Value thread, Value group, GemmEpilogue epilogue);

  /// What goes through the loop over a tile's segments.
  struct Running {
    Position position; // of the stage whose weights are in registers
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
    Value group, piece, lane, tokens; // the descriptor of stage 0's
  };
  void loadWeights(const Group &group, const Consumer &consumer,
                   Running &running);
  void runSegment(const Group &group, const Consumer &consumer,
                  Running &running, Value number, int64_t count, bool isLast);
  void release(const Consumer &consumer, Value stage);

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
      b.initBarrier(getFull(b.i32(stage)), groupThreads);
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
  b.setRegisters(producerRegisters, /*increase=*/false);
  auto copyTile = [&](const Group &group, const Tile &tile, Values state) {
    Copies copies = startCopies(group, tile, thread, groupThreads);
    return b.forEach(0, blocks(), 1, state,
                     [&](Value block, Values state) -> Values {
                       Position position = {state[0], state[1]};
                       b.waitParity(getEmpty(position.stage), position.parity);
                       copyStage(group, copies, block, getStage(position.stage),
                                 thread, groupThreads);
                       b.arriveAfterCopies(getFull(position.stage));
                       position = next(position);
                       return {position.stage, position.parity};
                     });
  };
  b.forEach(b.getBlock(), getTileCount(), b.getBlocks(), {b.i32(0), b.i32(1)},
            [&](Value number, Values state) {
              Tile tile = getTile(number);
              return forGroup(tile.feature, [&](const Group &group) {
                return copyTile(group, tile, state);
              });
            });
  b.waitCopies(0);
}

void WgmmaEmitter::release(const Consumer &consumer, Value stage) {
  b.ifThen(b.equal(consumer.lane, 0), [&] { b.arrive(getEmpty(stage)); });
}

void WgmmaEmitter::loadWeights(const Group &group, const Consumer &consumer,
                               Running &running) {
  Value stage = running.position.stage;
  b.waitParity(getFull(stage), running.position.parity);
  // wgmma reads by another way than the copies have written.
  b.fenceAsync();
  running.weights =
      readWeights(group, getStage(stage), consumer.piece, consumer.lane);
}

/// `count` stages as a chain of products. While two of them are under way, the
/// weights of a third go to registers.
void WgmmaEmitter::runSegment(const Group &group, const Consumer &consumer,
                              Running &running, Value number, int64_t count,
                              bool isLast) {
  constexpr int64_t steps = stageColumns / 16;
  Values sums;
  Value before;
  for (int64_t i = 0; i < count; ++i) {
    Value stage = running.position.stage;
    Value tokens =
        b.add(consumer.tokens, b.extend(b.mul(stage, stageBytes / 16)));
    b.fenceWgmma();
    for (int64_t step = 0; step < steps; ++step)
      sums = b.wgmma(Half::F16, shape.tokens, sums,
                     ArrayRef(running.weights).slice(4 * step, 4),
                     b.add(tokens, 2 * step));
    b.commitWgmma();
    if (takesTurns() && i == segmentBlocks / 2 - 1) {
      Value isAhead = arith::AndIOp::create(b, b.equal(consumer.group, 0),
                                            b.equal(number, 0));
      b.ifThen(isAhead, [&] { b.arriveThreads(turnBarrier, turnThreads); });
    }
    running.position = next(running.position);
    if (i + 1 < count || !isLast)
      loadWeights(group, consumer, running);
    if (before) {
      b.waitWgmma(1, {});
      release(consumer, before);
    }
    before = stage;
  }
  b.waitWgmma(0, sums);
  release(consumer, before);
  for (auto [total, sum] : llvm::zip_equal(running.sums, sums))
    total = b.addF(total, sum);
}

void WgmmaEmitter::emitConsumer(Value thread, Value number,
                                GemmEpilogue epilogue) {
  b.setRegisters(consumerRegisters, /*increase=*/true);
  Value warp = b.divide(b.remainder(thread, groupThreads), 32);
  Consumer consumer = {number, b.add(b.mul(number, 4), warp),
                       b.remainder(thread, 32), b.getDescriptor(shared)};
  // A last segment is shorter unless it is 256 columns, too.
  int64_t rest = blocks() % segmentBlocks;
  int64_t whole = blocks() / segmentBlocks - (rest == 0);
  auto multiply = [&](const Group &group, const Tile &tile,
                      Values state) -> Values {
    Running running;
    running.position = {state[0], state[1]};
    running.sums.assign(shape.tokens / 2, b.f32(0));
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
