//===- WarpgroupAttention.cpp - Attention by wgmma, 128 rows a block ------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block has 128 rows of a tile and a head and walks the pages that they see:
// one thread copies keys and values into a ring, two warpgroups of 64 rows
// multiply them. The products with a page's keys run beside those with the
// values of the page before, and the softmax beside the latter
// (FlashAttention-3, Shah 2024). These are multiplied 64 components at a time:
// a page's results of 128, beside the sums, the scores and the weights, would
// be more than a thread's registers.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/lower/AttentionEmitter.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;
using abi::DeviceKvLayout;

namespace {
constexpr int64_t groupThreads = 128, consumers = 2;
constexpr unsigned threads = groupThreads * (consumers + 1);
constexpr int64_t groupRows = 64, blockRows = consumers * groupRows;
constexpr int64_t stages = 2;
constexpr int64_t panelBytes =
    abi::pagePositions * DeviceKvLayout::panelRowBytes;
// Descriptors count in 16 bytes.
constexpr int64_t nextKeys = 32 / 16, nextPanel = panelBytes / 16;
constexpr int64_t nextValues = 16 * DeviceKvLayout::panelRowBytes / 16;
constexpr size_t panelSums = DeviceKvLayout::panel / 2; // of a thread
// Of the threads of a block, as the launch gives each of them 168.
constexpr unsigned producerRegisters = 24, consumerRegisters = 240;

int64_t getTileBlocks(const AttentionShape &shape) {
  return llvm::divideCeil(shape.tileTokens() * shape.group, blockRows);
}

/// Places in shared memory, in bytes. The query is two panels' rows as keys
/// are.
struct SharedLayout {
  explicit SharedLayout(const AttentionShape &shape)
      : keyBytes(shape.cache.headBytes(shape.cache.keyDim)),
        valueBytes(shape.cache.headBytes(shape.cache.valueDim)) {}
  int64_t keyBytes, valueBytes;
  int64_t keys() const { return keyBytes; }
  int64_t values() const { return keys() + stages * keyBytes; }
  int64_t barriers() const { return values() + stages * valueBytes; }
  int64_t bytes() const { return barriers() + 4 * stages * 8; }
};

class WarpgroupAttention : AttentionEmitter {
public:
  WarpgroupAttention(DeviceBuilder &builder, const AttentionShape &shape,
                     const AttentionArguments &arguments)
      : AttentionEmitter(builder, shape, arguments), layout(shape) {}
  void emit();

private:
  struct Item {
    Tile tile;
    Value head, firstRow;
    Row first, last; // rows
    Value firstPage, pages;
  };
  /// Calls `body` for the block's items with how many pages were before; it
  /// emits what is done with one.
  void forItems(llvm::function_ref<void(const Item &, Value)> body);

  enum Kind { Keys, PageValues };
  enum Event { Full, Empty };
  Value getBarrier(Kind kind, Event event, Value turn) {
    int64_t first = layout.barriers() + (2 * kind + event) * stages * 8;
    return b.at(b.at(shared, first), b.mul(b.remainder(turn, stages), 8));
  }
  Value getParity(Value turn) { return b.bitAnd(b.divide(turn, stages), 1); }
  void release(Kind kind, Value turn);

  /// Of a consumer. What follows from the thread's place is not kept longer
  /// than until the next call.
  void findThread();
  void produce(const Item &item, Value turn);
  void consume(const Item &item, Value turn);
  void writeQuery(const Item &item);
  /// Issue products; the values are there when they have been waited for.
  Values multiplyKeys(Value turn);
  /// The panel's results take the registers of `before`, if given: not others
  /// while it is still read.
  Values multiplyValues(Value turn, ArrayRef<Value> weights, int64_t panel,
                        const Values &before = {});
  /// For a panel of values, beside which `beside` has been computed.
  void waitValues(Value turn, Values &page, Values &beside);
  struct Factors {
    Value before[2], ofPage[2];
  };
  /// A row's scores become weights.
  void weighRow(Values &scores, unsigned row, State &state, Factors &factors);
  void merge(MutableArrayRef<Value> sums, ArrayRef<Value> page,
             const Factors &factors);

  SharedLayout layout;
  Value thread, shared;
  Value none; // 0, which NVIDIA's assembler does not know
  Value group, groupThread, quad, row; // of consumers
};
} // namespace

void WarpgroupAttention::emit() {
  thread = b.getThread();
  shared = b.getSharedMemory();
  none = b.getBlockY();
  Value number = b.getUniform(b.shiftRight(thread, 7));
  b.ifThen(b.equal(thread, 0), [&] {
    for (int64_t i : llvm::seq(stages))
      for (Kind kind : {Keys, PageValues}) {
        b.initBarrier(getBarrier(kind, Full, b.i32(i)), 1);
        b.initBarrier(getBarrier(kind, Empty, b.i32(i)), consumers);
      }
    b.fenceBarriers();
  });
  b.syncBlock();
  b.waitForKernelBefore();
  b.ifElse(
      b.equal(number, 0),
      [&] {
        b.setRegisters(producerRegisters, /*increase=*/false);
        b.ifThen(b.equal(thread, 0), [&] {
          forItems([&](const Item &item, Value turn) { produce(item, turn); });
        });
      },
      [&] {
        b.setRegisters(consumerRegisters, /*increase=*/true);
        group = b.sub(number, 1);
        forItems([&](const Item &item, Value turn) { consume(item, turn); });
      });
}

void WarpgroupAttention::forItems(
    function_ref<void(const Item &, Value)> body) {
  loadStep(arguments.step);
  int64_t heads = shape.cache.heads, tileBlocks = getTileBlocks(shape);
  auto emitRound = [&](Value round, Values turns) -> Values {
    // What follows from these would otherwise be kept for all rounds, in
    // registers that there are not.
    Value from = arguments.step, block = b.getBlock(), blocks = b.getBlocks();
    b.renew(from);
    b.renew(block);
    loadStep(from);
    Value items = b.mul(step.tileCount, heads * tileBlocks);
    // Those with most pages come first, and are dealt out to and fro.
    Value opposite = b.sub(b.sub(blocks, 1), block);
    Value mine = b.select(b.equal(b.bitAnd(round, 1), 0), block, opposite);
    Value number = b.add(b.mul(round, blocks), mine);
    Value isThere = b.less(number, items);
    number = b.min(number, b.sub(items, 1));
    Value place = b.divide(number, heads);
    Value tile = b.sub(b.sub(step.tileCount, 1), b.divide(place, tileBlocks));
    Item item;
    item.tile = loadTile(tile);
    item.head = b.remainder(number, heads);
    item.firstRow =
        b.mul(b.sub(tileBlocks - 1, b.remainder(place, tileBlocks)), blockRows);
    item.first = getRow(item.tile, item.head, item.firstRow);
    item.last =
        getRow(item.tile, item.head, b.add(item.firstRow, blockRows - 1));
    item.firstPage = shape.window
                         ? b.divide(item.first.begin, abi::pagePositions)
                         : b.i32(0);
    item.pages =
        b.sub(b.ceilDivide(item.last.end, abi::pagePositions), item.firstPage);
    isThere = b.bitAnd(isThere, item.first.isThere);
    b.ifThen(isThere, [&] { body(item, turns[0]); });
    return {b.add(turns[0], b.select(isThere, item.pages, 0))};
  };
  Value rounds =
      b.ceilDivide(b.mul(step.tileCount, heads * tileBlocks), b.getBlocks());
  b.forEach(0, rounds, 1, b.i32(0), emitRound);
}

void WarpgroupAttention::findThread() {
  groupThread = b.bitAnd(thread, groupThreads - 1);
  b.renew(groupThread);
  Value lane = b.bitAnd(groupThread, 31);
  quad = b.bitAnd(lane, 3);
  row = b.add(b.mul(group, groupRows), b.mul(b.shiftRight(groupThread, 5), 16));
  row = b.add(row, b.shiftRight(lane, 2));
}

void WarpgroupAttention::produce(const Item &item, Value turn) {
  b.forEach(0, item.pages, 1, [&](Value index) {
    Value current = b.add(turn, index);
    Value stage = b.remainder(current, stages);
    Value free = b.bitXor(getParity(current), 1);
    auto [keys, values] =
        getPage(item.tile, b.add(item.firstPage, index), item.head);
    auto copy = [&](Kind kind, Value from, int64_t place, int64_t bytes) {
      b.waitParity(getBarrier(kind, Empty, current), free);
      Value full = getBarrier(kind, Full, current);
      b.arriveExpecting(full, bytes);
      b.copyBulk(b.at(b.at(shared, place), b.mul(stage, bytes)), from, bytes,
                 full);
    };
    copy(Keys, keys, layout.keys(), layout.keyBytes);
    copy(PageValues, values, layout.values(), layout.valueBytes);
  });
}

void WarpgroupAttention::release(Kind kind, Value turn) {
  b.ifThen(b.equal(groupThread, 0),
           [&] { b.arrive(getBarrier(kind, Empty, turn)); });
}

void WarpgroupAttention::writeQuery(const Item &item) {
  int64_t chunks = shape.cache.keyDim / 8;
  for (int64_t i : llvm::seq(groupRows * chunks / groupThreads)) {
    Value number = b.add(groupThread, i * groupThreads);
    Value row = b.add(b.divide(number, chunks), b.mul(group, groupRows));
    Value chunk = b.remainder(number, chunks);
    Value query = getQuery(
        item.tile, getRow(item.tile, item.head, b.add(item.firstRow, row)));
    query = b.at(query, b.mul(chunk, 8 * int64_t(sizeof(float))));
    Values pairs;
    for (int64_t half : {0, 1}) {
      Values four = b.loadVector(b.getF32Type(), 4, b.at(query, 16 * half));
      for (Value &number : four)
        number = b.limitToHalf(number);
      pairs.push_back(b.pack(Half::F16, four[0], four[1]));
      pairs.push_back(b.pack(Half::F16, four[2], four[3]));
    }
    Value panel = b.mul(b.divide(chunk, 8), panelBytes);
    Value place = b.bitXor(b.bitAnd(chunk, 7), b.bitAnd(row, 7));
    b.storeVector(pairs, b.at(b.at(b.at(shared, panel),
                                   b.mul(row, DeviceKvLayout::panelRowBytes)),
                              b.mul(place, DeviceKvLayout::chunkBytes)));
  }
  b.fenceAsync();
  b.syncThreads(b.add(group, 1), groupThreads);
}

Values WarpgroupAttention::multiplyKeys(Value turn) {
  Value stage = b.remainder(turn, stages);
  b.waitParity(getBarrier(Keys, Full, turn), getParity(turn));
  Value query = b.getDescriptor(
      b.at(shared, b.mul(group, groupRows * DeviceKvLayout::panelRowBytes)));
  Value keys = b.getDescriptor(
      b.at(b.at(shared, layout.keys()), b.mul(stage, layout.keyBytes)));
  Values scores;
  b.fenceWgmma();
  for (int64_t step : llvm::seq(shape.cache.keyDim / 16)) {
    int64_t next = step / 4 * nextPanel + step % 4 * nextKeys;
    scores = b.wgmma(Half::F16, abi::pagePositions, scores, b.add(query, next),
                     b.add(keys, next));
  }
  b.commitWgmma();
  return scores;
}

Values WarpgroupAttention::multiplyValues(Value turn, ArrayRef<Value> weights,
                                          int64_t panel, const Values &before) {
  Value stage = b.remainder(turn, stages);
  b.waitParity(getBarrier(PageValues, Full, turn), getParity(turn));
  Value values = b.getDescriptor(
      b.at(b.at(shared, layout.values()), b.mul(stage, layout.valueBytes)));
  Values sums(before);
  b.fenceWgmma();
  for (int64_t step : llvm::seq(abi::pagePositions / 16))
    sums = b.wgmma(
        Half::F16, DeviceKvLayout::panel, sums, weights.slice(4 * step, 4),
        b.add(values, panel * nextPanel + step * nextValues),
        /*transposedB=*/true, step == 0 && !before.empty() ? none : Value());
  b.commitWgmma();
  return sums;
}

void WarpgroupAttention::waitValues(Value turn, Values &page, Values &beside) {
  b.renew(beside);
  // The values are there, but NVIDIA's assembler moves the wait for products
  // to the beginning of the code that it is in, which here begins anew.
  b.waitParity(getBarrier(PageValues, Full, turn), getParity(turn));
  b.waitWgmma(0, page);
}

void WarpgroupAttention::weighRow(Values &scores, unsigned row, State &state,
                                  Factors &factors) {
  Value largest = getPageLargest(getLargest(scores, row));
  weigh(scores, row, largest);
  std::tie(factors.before[row], factors.ofPage[row]) =
      update(state, largest, addQuarters(addQuarters(scores, row)));
}

void WarpgroupAttention::merge(MutableArrayRef<Value> sums,
                               ArrayRef<Value> page, const Factors &factors) {
  for (auto [i, sum] : llvm::enumerate(sums)) {
    unsigned h = i / 2 % 2;
    sum = b.fma(page[i], factors.ofPage[h], b.mulF(sum, factors.before[h]));
  }
}

void WarpgroupAttention::consume(const Item &item, Value turn) {
  findThread();
  writeQuery(item);
  Value number = b.add(item.firstRow, row);
  Row rows[] = {getRow(item.tile, item.head, number),
                getRow(item.tile, item.head, b.add(number, 8))};
  State states[] = {getFirstState(rows[0], quad), getFirstState(rows[1], quad)};

  Values scores = multiplyKeys(turn);
  b.waitWgmma(0, scores);
  release(Keys, turn);
  auto hideOf = [&](Values &scores, Value index) {
    hideInPage(scores, rows, item.first, item.last,
               b.mul(b.add(item.firstPage, index), abi::pagePositions),
               b.mul(quad, 2));
  };
  cap(scores);
  hideOf(scores, b.i32(0));
  Factors factors;
  for (unsigned row : {0, 1})
    weighRow(scores, row, states[row], factors);
  Values weights = packWeights(scores);

  size_t sumCount = shape.cache.valueDim / 2;
  Values inits(sumCount, b.f32(0));
  auto append = [&](Values &all) {
    for (unsigned h : {0, 1})
      all.append({states[h].largest, states[h].sum, factors.before[h],
                  factors.ofPage[h]});
    all.append(weights);
  };
  auto extract = [&](ArrayRef<Value> all) {
    for (unsigned h : {0, 1}) {
      ArrayRef<Value> own = all.slice(sumCount + 4 * h, 4);
      states[h] = {own[0], own[1]};
      factors.before[h] = own[2];
      factors.ofPage[h] = own[3];
    }
    weights = Values(all.drop_front(sumCount + 8));
    return Values(all.take_front(sumCount));
  };
  append(inits);
  int64_t panels = shape.cache.valueDim / DeviceKvLayout::panel;
  auto mergePanel = [&](Values &sums, int64_t panel, const Values &page,
                        const Factors &factors) {
    merge(MutableArrayRef(sums).slice(panel * panelSums, panelSums), page,
          factors);
  };
  auto walk = [&](Value from, Value to, Values inits, bool hides) -> Values {
    auto emitPage = [&](Value index, Values all) -> Values {
      Values sums = extract(all);
      Value current = b.add(turn, index), before = b.sub(current, 1);
      Values scores = multiplyKeys(current);
      Values page = multiplyValues(before, weights, 0);
      b.waitWgmma(1, scores);
      release(Keys, current);
      Factors old = factors;
      cap(scores);
      if (hides)
        hideOf(scores, index);
      // A row's weights beside each panel's products, or both beside the one.
      weighRow(scores, 0, states[0], factors);
      for (int64_t panel : llvm::seq<int64_t>(1, panels)) {
        waitValues(before, page, scores);
        mergePanel(sums, panel - 1, page, old);
        b.renew(sums);
        page = multiplyValues(before, weights, panel, page);
      }
      weighRow(scores, 1, states[1], factors);
      waitValues(before, page, scores);
      release(PageValues, before);
      mergePanel(sums, panels - 1, page, old);
      weights = packWeights(scores);
      append(sums);
      return sums;
    };
    return b.forEach(from, to, 1, inits, emitPage);
  };
  // All rows see all of the pages up to the first row's last.
  Values all = inits;
  Value seen = b.i32(1);
  if (!shape.window) {
    seen = b.min(b.divide(item.first.end, abi::pagePositions), item.pages);
    seen = b.max(seen, 1);
    all = walk(b.i32(1), seen, inits, /*hides=*/false);
  }
  all = walk(seen, item.pages, all, /*hides=*/true);
  Values sums = extract(all);
  Value last = b.sub(b.add(turn, item.pages), 1);
  Values page;
  for (int64_t panel : llvm::seq(panels))
    page.append(multiplyValues(last, weights, panel));
  b.waitWgmma(0, page);
  release(PageValues, last);
  merge(sums, page, factors);

  findThread();
  Tile tile = item.tile;
  Value head = item.head;
  b.renew(tile.count);
  b.renew(head);
  for (unsigned h : {0, 1}) {
    Value factor = getFactor(states[h]);
    Row own = getRow(tile, head, b.add(b.add(item.firstRow, row), 8 * h));
    b.ifThen(own.isThere, [&] {
      for (int64_t eight : llvm::seq(shape.cache.valueDim / 8))
        storeResult(tile, own, b.add(b.mul(quad, 2), 8 * eight),
                    {b.mulF(sums[4 * eight + 2 * h], factor),
                     b.mulF(sums[4 * eight + 2 * h + 1], factor)});
    });
  }
}

bool quipu::gpu::fitsWarpgroups(const AttentionShape &shape) {
  const DeviceKvLayout &cache = shape.cache;
  return !cache.valuesInKeys && cache.hasPanels(cache.keyDim) &&
         cache.hasPanels(cache.valueDim) && cache.keyDim <= 128 &&
         cache.valueDim <= 128;
}

AttentionLaunch quipu::gpu::getWarpgroupAttention(const AttentionShape &shape) {
  int64_t tiles = llvm::divideCeil(shape.tokens, shape.tileTokens());
  return {threads,
          SharedLayout(shape).bytes(),
          {std::min(tiles * shape.cache.heads * getTileBlocks(shape),
                    multiprocessors),
           1, 1}};
}

void quipu::gpu::emitWarpgroupAttention(DeviceBuilder &builder,
                                        const AttentionShape &shape,
                                        const AttentionArguments &arguments) {
  WarpgroupAttention(builder, shape, arguments).emit();
}
