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
      group->isConverted =
          llvm::any_of(group->layouts, [](const FragmentLayout &layout) {
            return layout.codes().hasScales();
          });
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
      group.codes[half] = group.isConverted ? bytes
                                            : shape.tokens * rowBytes +
                                                  half * group.codeBytes(0);
      group.scales[half] = bytes + pieces * group.codeBytes(half);
      group.minima[half] = group.scales[half] + scaleBytes;
      bytes = group.minima[half] + (hasMinima ? scaleBytes : 0);
    }
    // Rows are swizzled by their addresses.
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

void GemmEmitter::emit(Value tokens, const GemmEpilogue &epilogue) {
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

GemmEmitter::Copies GemmEmitter::startCopies(const Group &group,
                                             const Tile &tile, Value thread) {
  // Eight threads copy a row of tokens.
  constexpr int64_t rowChunks = rowBytes / chunkBytes;
  Value row = b.divide(thread, rowChunks);
  Copies copies;
  copies.tokens =
      b.at(input.address, b.mul(b.extend(tile.firstToken), rowBytes));
  copies.tokenPlace = b.mul(thread, chunkBytes);
  copies.chunk =
      b.bitXor(b.remainder(thread, rowChunks), b.remainder(row, tileRows));
  copies.tokensLeft = b.sub(b.sub(count, tile.firstToken), row);
  for (unsigned half : {0, 1})
    copies.weights[half] = getWeight(group, half, tile.feature);
  return copies;
}

void GemmEmitter::copyTokens(const Copies &copies, Value block, Value stage,
                             unsigned threads) {
  Value from =
      b.at(b.at(copies.tokens, b.mul(b.extend(block), b.i64(input.panelBytes))),
           copies.tokenPlace);
  Value to = b.at(stage, copies.tokenPlace);
  int64_t rows = threads * chunkBytes / rowBytes;
  for (int64_t row = 0; row < shape.tokens; row += rows) {
    Value bytes = b.i32(chunkBytes);
    // What is behind the last column is no number of the model's.
    if (input.columns % stageColumns) {
      Value chunk = b.bitXor(copies.chunk, row % tileRows);
      Value column = b.add(b.mul(block, rowBytes), b.mul(chunk, chunkBytes));
      bytes = b.max(b.min(b.sub(2 * input.columns, column), chunkBytes), 0);
    }
    Value isToken = b.less(row, copies.tokensLeft);
    b.copyAsync(b.at(to, row * rowBytes), b.at(from, row * rowBytes),
                chunkBytes, b.select(isToken, bytes, 0));
  }
}

void GemmEmitter::copyWeights(const Group &group, unsigned half,
                              const Copies &copies, Value block, Value stage,
                              Value thread, unsigned threads) {
  const FragmentLayout &layout = group.layout(half);
  FragmentCodes codes = layout.codes();
  constexpr int64_t slotBlocks = FragmentLayout::slotColumns / stageColumns;
  int64_t pieceBytes = getPieceBytes(group, half);
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
    Value chunkInPiece = b.mul(b.remainder(number, pieceChunks), chunkBytes);
    Value codesFrom =
        b.at(b.at(from, b.mul(b.extend(piece), pieceBytes)),
             b.add(chunkInPiece, b.mul(inSlot, group.codeBytes(half))));
    Value to = b.at(
        stage, b.add(b.add(b.mul(piece, group.codeStride(half)), chunkInPiece),
                     group.codes[half]));
    for (int64_t i = 0; i < chunks; i += threads)
      b.copyAsync(b.at(to, i / pieceChunks * group.codeStride(half)),
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
  SmallVector<FragmentBlocks, 2> halves;
  for (unsigned half : {0, 1}) {
    FragmentCodes codes = group.layout(half).codes();
    FragmentAddress first;
    first.codes = b.at(b.at(stage, b.mul(piece, group.codeStride(half))),
                       group.codes[half]);
    Value scales = b.at(stage, b.mul(piece, group.scaleBytes(half)));
    if (codes.hasScales())
      first.scales = b.at(scales, group.scales[half]);
    if (codes.hasMinima)
      first.minima = b.at(scales, group.minima[half]);
    halves.emplace_back(b, codes, first, stageColumns, lane, /*isShared=*/true);
  }
  Values operands;
  for (int64_t block = 0; block < stageColumns / FragmentCodes::blockColumns;
       ++block) {
    Values first = halves[0].get(block), second = halves[1].get(block);
    for (unsigned i : {0, 2})
      operands.append({first[i], second[i], first[i + 1], second[i + 1]});
  }
  return operands;
}

std::vector<GemmPart> GemmEmitter::getParts(const Group &group, unsigned task,
                                            const Tile &tile,
                                            const Place &place) {
  Value token = b.add(tile.firstToken, place.firstToken);
  int64_t pieceRows = group.isJoint ? tileRows : 2 * tileRows;
  Value feature = b.mul(
      b.add(b.mul(getTileOfTask(group, tile.feature), pieces), place.piece),
      pieceRows);
  // Tasks of a group may have different numbers of outputs.
  const FragmentLayout &layout = tasks[task].weights.front().layout;
  std::vector<GemmPart> parts;
  for (int64_t row = 0; row < pieceRows; row += tileRows)
    parts.emplace_back(b, place.lane, token, count, place.tokens / 8,
                       b.add(feature, row), layout.n,
                       layout.n != layout.paddedRows());
  return parts;
}

void GemmEmitter::finish(const Group &group, const Tile &tile,
                         const Place &place, ValueRange sums,
                         const GemmEpilogue &epilogue) {
  std::array<Values, 2> halves;
  for (auto [i, sum] : llvm::enumerate(sums))
    halves[i / 2 % 2].push_back(sum);
  auto finishTask = [&](unsigned task) {
    std::vector<GemmPart> parts = getParts(group, task, tile, place);
    SmallVector<Values> operands;
    for (const GemmPart &part : parts)
      operands.push_back(epilogue.load(task, part));
    size_t layers = group.isJoint ? 2 : 1;
    for (auto [i, part] : llvm::enumerate(parts))
      epilogue.finish(task, part, ArrayRef(halves).slice(i * layers, layers),
                      operands[i]);
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
