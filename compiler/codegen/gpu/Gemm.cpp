//===- Gemm.cpp - Linear layers for many tokens on a GPU ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Gemm.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// What cp.async copies at once.
static constexpr int64_t chunkBytes = 16;

/// Pairs that an epilogue gets at a time.
static constexpr size_t pairsAtOnce = 16;

static bool haveSameFormats(const GemmTask &a, const GemmTask &b) {
  return llvm::equal(a.weights, b.weights,
                     [](const GemmWeight &x, const GemmWeight &y) {
                       return x.layout.format == y.layout.format;
                     });
}

GemmEmitter::GemmEmitter(DeviceBuilder &b, ArrayRef<GemmTask> tasks,
                         const GemmInput &input, GemmShape shape)
    : b(b), tasks(tasks), input(input), shape(shape), firstTiles(tasks.size()) {
  for (auto [i, task] : llvm::enumerate(tasks)) {
    auto *group = llvm::find_if(groups, [&](const Group &group) {
      return haveSameFormats(tasks[group.tasks.front()], task);
    });
    if (group == groups.end()) {
      groups.emplace_back();
      group = &groups.back();
      group->layouts = {task.weights.front().layout,
                        task.weights.back().layout};
      group->isJoint = task.weights.size() == 2;
    }
    group->tasks.push_back(i);
  }

  int64_t tiles = 0;
  stageBytes = 0;
  for (Group &group : groups) {
    group.firstTile = tiles;
    for (unsigned task : group.tasks) {
      firstTiles[task] = tiles;
      tiles += countFeatureTiles(task);
    }
    group.endTile = tiles;
    int64_t bytes = shape.tokens * rowBytes;
    for (unsigned half : {0, 1}) {
      bool hasMinima = group.layout(half).codes().hasMinima;
      int64_t scaleBytes = pieces * group.scaleBytes(half);
      group.codes[half] = bytes;
      group.scales[half] = bytes + pieces * group.codeBytes(half);
      group.minima[half] = group.scales[half] + scaleBytes;
      bytes = group.minima[half] + (hasMinima ? scaleBytes : 0);
    }
    // Rows of tokens are swizzled by their addresses.
    stageBytes = std::max<int64_t>(stageBytes, llvm::alignTo(bytes, 1024));
  }
}

int64_t GemmEmitter::countFeatureTiles(unsigned task) const {
  const auto &weights = tasks[task].weights;
  return weights.front().layout.paddedRows() * weights.size() / blockRows;
}

std::unique_ptr<GemmEmitter> GemmEmitter::create(DeviceBuilder &b,
                                                 ArrayRef<GemmTask> tasks,
                                                 const GemmInput &input,
                                                 GemmShape shape) {
  return b.getSm() >= 90 ? createWgmmaEmitter(b, tasks, input, shape)
                         : createMmaEmitter(b, tasks, input, shape);
}

unsigned GemmEmitter::getThreads(unsigned sm) { return sm >= 90 ? 384 : 256; }

int64_t GemmEmitter::countTiles(int64_t tokens) const {
  return groups.back().endTile * llvm::divideCeil(tokens, shape.tokens);
}

void GemmEmitter::emit(Value tokens, GemmEpilogue epilogue) {
  shared = b.getSharedMemory();
  count = tokens;
  emitTiles(epilogue);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value GemmEmitter::getStage(Value stage) {
  return b.at(shared, b.mul(stage, stageBytes));
}

GemmEmitter::Position GemmEmitter::next(Position position) {
  Value stage = b.add(position.stage, 1);
  Value isOver = b.equal(stage, shape.stages);
  return {b.select(isOver, 0, stage),
          b.bitXor(position.parity, b.toInt(isOver))};
}

Value GemmEmitter::getTileCount() {
  return b.mul(b.ceilDivide(count, shape.tokens), groups.back().endTile);
}

GemmEmitter::Tile GemmEmitter::getTile(Value number) {
  Value tokenTiles = b.ceilDivide(count, shape.tokens);
  return {b.mul(b.remainder(number, tokenTiles), shape.tokens),
          b.divide(number, tokenTiles)};
}

Values GemmEmitter::forGroup(Value feature,
                             function_ref<Values(const Group &)> body,
                             unsigned first) {
  const Group &group = groups[first];
  if (first + 1 == groups.size())
    return body(group);
  return b.choose(
      b.less(feature, group.endTile), [&] { return body(group); },
      [&] { return forGroup(feature, body, first + 1); });
}

/// The number of the tile among those of its task.
Value GemmEmitter::getTileOfTask(const Group &group, Value feature) {
  Value first = b.i32(firstTiles[group.tasks.front()]);
  for (unsigned task : ArrayRef(group.tasks).drop_front())
    first =
        b.select(b.less(feature, firstTiles[task]), first, firstTiles[task]);
  return b.sub(feature, first);
}

/// The weights that half `half` of piece 0 has; the next piece's are behind
/// those of both halves, if these are of one layer.
Value GemmEmitter::getWeight(const Group &group, unsigned half, Value feature) {
  auto address = [&](unsigned task) {
    return tasks[task].weights[group.isJoint ? half : 0].address;
  };
  Value weight = address(group.tasks.front());
  for (unsigned task : ArrayRef(group.tasks).drop_front())
    weight = b.select(b.less(feature, firstTiles[task]), weight, address(task));
  int64_t tileBytes = group.layout(half).tileBytes();
  int64_t tiles = group.isJoint ? pieces : 2 * pieces;
  Value tile = b.extend(getTileOfTask(group, feature));
  return b.at(b.at(weight, b.mul(tile, tiles * tileBytes)),
              group.isJoint ? 0 : half * tileBytes);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Bytes from a piece's half to the next piece's.
static int64_t getPieceBytes(const FragmentLayout &layout, bool isJoint) {
  return layout.tileBytes() * (isJoint ? 1 : 2);
}

GemmEmitter::Copies GemmEmitter::startCopies(const Group &group,
                                             const Tile &tile, Value thread,
                                             unsigned threads) {
  // Eight threads copy a row of tokens: chunk c of row r goes to c ^ r % 8.
  constexpr int64_t rowChunks = rowBytes / chunkBytes;
  Value row = b.divide(thread, rowChunks);
  Value chunk = b.remainder(thread, rowChunks);
  Value firstRow = b.mul(b.extend(b.add(tile.firstToken, row)), input.rowBytes);
  Copies copies;
  copies.tokens = b.at(b.at(input.address, firstRow), b.mul(chunk, chunkBytes));
  copies.tokenPlace =
      b.add(b.mul(row, rowBytes),
            b.mul(b.bitXor(chunk, b.remainder(row, 8)), chunkBytes));
  copies.tokensLeft = b.sub(b.sub(count, tile.firstToken), row);
  copies.bytesLeft = b.sub(2 * input.columns, b.mul(chunk, chunkBytes));
  for (unsigned half : {0, 1})
    copies.weights[half] = getWeight(group, half, tile.feature);
  return copies;
}

void GemmEmitter::copyTokens(const Copies &copies, Value block, Value stage,
                             unsigned threads) {
  Value from = b.at(copies.tokens, b.extend(b.mul(block, rowBytes)));
  Value to = b.at(stage, copies.tokenPlace);
  // What is behind the last column is no number of the model's.
  Value bytes =
      input.columns % stageColumns == 0
          ? b.i32(chunkBytes)
          : b.max(b.min(b.sub(copies.bytesLeft, b.mul(block, rowBytes)),
                        chunkBytes),
                  0);
  int64_t rows = threads * chunkBytes / rowBytes;
  for (int64_t row = 0; row < shape.tokens; row += rows) {
    Value isToken = b.less(row, copies.tokensLeft);
    b.copyAsync(b.at(to, row * rowBytes), b.at(from, row * input.rowBytes),
                chunkBytes, b.select(isToken, bytes, 0));
  }
}

void GemmEmitter::copyWeights(const Group &group, unsigned half,
                              const Copies &copies, Value block, Value stage,
                              Value thread, unsigned threads) {
  const FragmentLayout &layout = group.layout(half);
  FragmentCodes codes = layout.codes();
  constexpr int64_t slotBlocks = FragmentLayout::slotColumns / stageColumns;
  int64_t pieceBytes = getPieceBytes(layout, group.isJoint);
  Value slot = b.divide(block, slotBlocks);
  Value inSlot = b.remainder(block, slotBlocks);
  Value from = b.at(copies.weights[half], b.mul(slot, layout.fullSlotBytes()));

  // All threads copy codes; when there is a chunk for only half of them, each
  // half of the threads has one of the weights.
  int64_t pieceChunks = group.codeBytes(half) / chunkBytes;
  int64_t chunks = pieces * pieceChunks;
  auto copyCodes = [&] {
    Value number = chunks < threads ? b.remainder(thread, chunks) : thread;
    Value piece = b.divide(number, pieceChunks);
    Value chunk = b.mul(b.remainder(number, pieceChunks), chunkBytes);
    Value codesFrom = b.at(b.at(from, b.mul(b.extend(piece), pieceBytes)),
                           b.add(chunk, b.mul(inSlot, group.codeBytes(half))));
    Value to = b.at(stage, b.add(b.mul(number, chunkBytes), group.codes[half]));
    for (int64_t i = 0; i < chunks; i += threads)
      b.copyAsync(b.at(to, i * chunkBytes),
                  b.at(codesFrom, i / pieceChunks * pieceBytes), chunkBytes);
  };
  if (chunks < threads)
    b.ifThen(b.equal(b.divide(thread, chunks), half), copyCodes);
  else
    copyCodes();

  // A warp copies the scales of a half, another one the minima.
  if (!codes.hasScales())
    return;
  int64_t last = layout.slots() - 1;
  Value warp = b.divide(thread, 32), lane = b.remainder(thread, 32);
  int64_t scaleChunks = group.scaleBytes(half) / chunkBytes;
  for (unsigned kind = 0; kind < (codes.hasMinima ? 2 : 1); ++kind) {
    auto offset = [&](int64_t slot) {
      int64_t columns = layout.columnsOfSlot(slot);
      return kind ? codes.minimaOffset(columns) : codes.scalesOffset(columns);
    };
    Value isCopied = arith::AndIOp::create(b, b.equal(warp, half + 2 * kind),
                                           b.less(lane, pieces * scaleChunks));
    b.ifThen(isCopied, [&] {
      Value begin =
          b.select(b.equal(slot, last), b.i32(offset(last)), b.i32(offset(0)));
      Value piece = b.divide(lane, scaleChunks);
      Value chunk = b.mul(b.remainder(lane, scaleChunks), chunkBytes);
      Value scalesFrom = b.at(
          b.at(from, b.mul(b.extend(piece), pieceBytes)),
          b.add(b.add(begin, chunk), b.mul(inSlot, group.scaleBytes(half))));
      int64_t place = kind ? group.minima[half] : group.scales[half];
      b.copyAsync(b.at(stage, b.add(b.mul(lane, chunkBytes), place)),
                  scalesFrom, chunkBytes);
    });
  }
}

void GemmEmitter::copyStage(const Group &group, const Copies &copies,
                            Value block, Value stage, Value thread,
                            unsigned threads) {
  copyTokens(copies, block, stage, threads);
  for (unsigned half : {0, 1})
    copyWeights(group, half, copies, block, stage, thread, threads);
  b.commitCopies();
}

//===----------------------------------------------------------------------===//
// Weights and sums
//===----------------------------------------------------------------------===//

Values GemmEmitter::readWeights(const Group &group, Value stage, Value piece,
                                Value lane) {
  constexpr int64_t blockCount = stageColumns / FragmentCodes::blockColumns;
  Values pairs[blockCount][2];
  for (unsigned half : {0, 1}) {
    FragmentCodes codes = group.layout(half).codes();
    Value at = b.at(stage, b.add(b.mul(piece, group.codeBytes(half)),
                                 b.mul(lane, codes.laneBytes())));
    Value row = b.add(b.mul(piece, group.scaleBytes(half)),
                      b.mul(b.divide(lane, 4), 2));
    Value scales = b.at(stage, row);
    for (int64_t block = 0; block < blockCount; ++block) {
      int64_t groupBytes = codes.groups(block * FragmentCodes::blockColumns) *
                           FragmentCodes::groupBytes();
      pairs[block][half] = readFragment(
          b, codes,
          {b.at(at, group.codes[half] + block * codes.blockBytes()),
           b.at(scales, group.scales[half] + groupBytes),
           b.at(scales, group.minima[half] + groupBytes)});
    }
  }
  Values operands;
  for (auto &halves : pairs)
    for (unsigned i : {0, 2})
      operands.append(
          {halves[0][i], halves[1][i], halves[0][i + 1], halves[1][i + 1]});
  return operands;
}

/// Sums of neighbouring rows are in lanes that differ in bit 2: each gives the
/// other what that one writes.
SmallVector<GemmPair> GemmEmitter::getPairs(const Group &group, unsigned task,
                                            Value lane, Value token,
                                            Value feature, ValueRange sums) {
  Value row = b.divide(lane, 4);
  Value isOdd = b.equal(b.bitAnd(row, 1), 1);
  auto exchange = [&](Value odds, Value evens) {
    Value sent = b.select(isOdd, evens, odds);
    Value received = b.shuffleXor(sent, 4);
    return std::pair<Value, Value>(b.select(isOdd, received, evens),
                                   b.select(isOdd, odds, received));
  };
  SmallVector<GemmPair> pairs;
  auto addPair = [&](Value token, Value feature) -> GemmPair & {
    GemmPair pair;
    pair.isWritten = b.less(token, count);
    pair.token = b.min(token, b.sub(count, 1));
    pair.feature = feature;
    // Tasks of a group may have different numbers of outputs.
    const FragmentLayout &layout = tasks[task].weights.front().layout;
    if (layout.n != layout.paddedRows()) {
      Value isFeature = b.less(feature, layout.n);
      pair.isWritten = arith::AndIOp::create(b, pair.isWritten, isFeature);
      pair.feature = b.select(isFeature, feature, 0);
    }
    return pairs.emplace_back(std::move(pair));
  };
  // The odd lanes take the second token of two layers, and of one the rows of
  // the second half.
  if (group.isJoint) {
    GemmPair &pair =
        addPair(b.add(token, b.toInt(isOdd)), b.add(feature, b.bitAnd(row, 6)));
    for (unsigned half : {0, 1}) {
      auto [first, second] = exchange(sums[2 * half + 1], sums[2 * half]);
      pair.first.push_back(first);
      pair.second.push_back(second);
    }
    return pairs;
  }
  Value own =
      b.add(feature, b.add(b.bitAnd(row, 6), b.mul(b.toInt(isOdd), tileRows)));
  for (unsigned i : {0, 1}) {
    GemmPair &pair = addPair(b.add(token, i), own);
    auto [first, second] = exchange(sums[2 + i], sums[i]);
    pair.first.push_back(first);
    pair.second.push_back(second);
  }
  return pairs;
}

void GemmEmitter::finish(const Group &group, const Tile &tile, Value piece,
                         Value lane, Value firstToken, ValueRange sums,
                         GemmEpilogue epilogue) {
  Value token =
      b.add(b.add(tile.firstToken, firstToken), b.mul(b.remainder(lane, 4), 2));
  int64_t pieceRows = group.isJoint ? tileRows : 2 * tileRows;
  Value feature =
      b.mul(b.add(b.mul(getTileOfTask(group, tile.feature), pieces), piece),
            pieceRows);
  auto finishTask = [&](unsigned task) {
    SmallVector<GemmPair> pairs;
    for (size_t i = 0; i < sums.size(); i += 4) {
      llvm::append_range(pairs, getPairs(group, task, lane, b.add(token, 2 * i),
                                         feature, sums.slice(i, 4)));
      if (pairs.size() < pairsAtOnce && i + 4 < sums.size())
        continue;
      epilogue(task, pairs);
      pairs.clear();
    }
  };
  for (unsigned task : group.tasks) {
    if (group.tasks.size() == 1)
      return finishTask(task);
    Value isTask = arith::AndIOp::create(
        b, b.less(b.i32(firstTiles[task] - 1), tile.feature),
        b.less(tile.feature, firstTiles[task] + countFeatureTiles(task)));
    b.ifThen(isTask, [&] { finishTask(task); });
  }
}
