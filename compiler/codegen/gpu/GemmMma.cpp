//===- GemmMma.cpp - Products of warps ------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For chips without wgmma: eight warps copy, and each multiplies two pieces of
// the weights by half of the tile's tokens.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Gemm.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

static constexpr unsigned blockThreads = 256;
static constexpr int64_t warpPieces = 2;

namespace {
class MmaEmitter : public GemmEmitter {
public:
  using GemmEmitter::GemmEmitter;

private:
  void emitTiles(const GemmEpilogue &epilogue) final;
  void multiply(const Group &group, const Tile &tile,
                const GemmEpilogue &epilogue);
  Values multiplySegment(const Group &group, const Copies &copies, Value first,
                         int64_t count, Values sums);
  void addStage(const Group &group, Value stage, Values &sums);

  int64_t warpTokens() const { return shape.tokens / 2; }
  Value getPiece(int64_t number) {
    return b.add(b.mul(b.remainder(warp, 4), warpPieces), number);
  }
  Value getFirstToken() { return b.mul(b.divide(warp, 4), warpTokens()); }

  Value thread, warp, lane;
};
} // namespace

void MmaEmitter::emitTiles(const GemmEpilogue &epilogue) {
  thread = b.getThread();
  warp = b.getUniform(b.divide(thread, 32));
  lane = b.remainder(thread, 32);
  b.waitForKernelBefore();
  b.forEach(b.getBlock(), getTileCount(), b.getBlocks(), [&](Value number) {
    Tile tile = getTile(number);
    forGroup(tile.feature, [&](const Group &group) -> Values {
      multiply(group, tile, epilogue);
      return {};
    });
  });
}

void MmaEmitter::multiply(const Group &group, const Tile &tile,
                          const GemmEpilogue &epilogue) {
  Copies copies = startCopies(group, tile, thread);
  for (int64_t block = 0; block < shape.stages - 1; ++block) {
    if (block < blocks())
      copyStage(group, copies, b.i32(block), getStage(b.i32(block)), thread,
                blockThreads);
    else
      b.commitCopies();
  }
  int64_t whole = blocks() / segmentBlocks, rest = blocks() % segmentBlocks;
  Values sums(warpPieces * warpTokens() / 2, b.f32(0));
  sums = b.forEach(0, whole, 1, sums, [&](Value segment, Values sums) {
    return multiplySegment(group, copies, b.mul(segment, segmentBlocks),
                           segmentBlocks, sums);
  });
  if (rest)
    sums = multiplySegment(group, copies, b.i32(whole * segmentBlocks), rest,
                           sums);
  // The next tile's copies overwrite the stages.
  b.waitCopies(0);
  b.syncBlock();
  size_t pieceSums = sums.size() / warpPieces;
  for (int64_t piece = 0; piece < warpPieces; ++piece)
    finish(group, tile, {getPiece(piece), lane, getFirstToken(), warpTokens()},
           ArrayRef(sums).slice(piece * pieceSums, pieceSums), epilogue);
}

Values MmaEmitter::multiplySegment(const Group &group, const Copies &copies,
                                   Value first, int64_t count, Values totals) {
  Values sums(totals.size(), b.f32(0));
  for (int64_t i = 0; i < count; ++i) {
    Value block = b.add(first, i);
    b.waitCopies(shape.stages - 2);
    b.syncBlock();
    Value ahead = b.add(block, shape.stages - 1);
    auto stageOf = [&](Value block) {
      return getStage(b.remainder(block, shape.stages));
    };
    b.ifElse(
        b.less(ahead, blocks()),
        [&] {
          copyStage(group, copies, ahead, stageOf(ahead), thread, blockThreads);
        },
        [&] { b.commitCopies(); });
    addStage(group, stageOf(block), sums);
  }
  for (auto [total, sum] : llvm::zip_equal(totals, sums))
    total = b.addF(total, sum);
  return totals;
}

/// Four steps of 16 columns.
void MmaEmitter::addStage(const Group &group, Value stage, Values &sums) {
  Values weights[warpPieces];
  for (int64_t piece = 0; piece < warpPieces; ++piece)
    weights[piece] = readWeights(group, stage, getPiece(piece), lane);
  // Lanes 0 to 7 have the rows of 8 tokens, 8 to 15 their next 8 columns, the
  // others the same of the next 8 tokens.
  Value row = b.add(b.add(getFirstToken(), b.bitAnd(lane, 7)),
                    b.mul(b.divide(lane, 16), 8));
  Value half = b.bitAnd(b.divide(lane, 8), 1);
  Value at = b.at(stage, b.mul(row, rowBytes));
  for (int64_t step = 0; step < stageColumns / 16; ++step) {
    Value chunk = b.bitXor(b.add(half, 2 * step), b.bitAnd(lane, 7));
    Value chunkAt = b.at(at, b.mul(chunk, 16));
    for (int64_t token = 0; token < warpTokens(); token += 16) {
      Values tokens = b.loadMatrices(b.at(chunkAt, token * rowBytes));
      for (int64_t piece = 0; piece < warpPieces; ++piece)
        for (int64_t eight = 0; eight < 2; ++eight) {
          MutableArrayRef<Value> sum = MutableArrayRef(sums).slice(
              piece * sums.size() / warpPieces + token / 2 + 4 * eight, 4);
          llvm::copy(b.mma(Half::F16,
                           ArrayRef(weights[piece]).slice(4 * step, 4),
                           ArrayRef(tokens).slice(2 * eight, 2), sum),
                     sum.begin());
        }
    }
  }
}

std::unique_ptr<GemmEmitter>
quipu::gpu::createMmaEmitter(DeviceBuilder &b, ArrayRef<GemmTask> tasks,
                             const GemmInput &input, GemmShape shape) {
  return std::make_unique<MmaEmitter>(b, tasks, input, shape);
}
