//===- kv-cache-test.cpp - Which sequence holds which pages ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/CpuEngine.h"
#include "runtime/engine/KvCache.h"
#include "test/Expect.h"
#include <algorithm>
#include <set>
#include <vector>

using namespace quipu;

static constexpr int32_t page = abi::pagePositions;

static const abi::Program program = {};

/// Without memory nothing is placed.
static bool place(KvCache &cache, CpuEngine &engine) {
  StepMemory memory;
  memory.pages.push_back({cache.bytes()});
  if (!engine.start(program, {}, {.threads = 1}).ok() ||
      !engine.allocate(memory).ok())
    return false;
  cache.place(engine, memory.pages[0].data);
  return true;
}

namespace {
/// A cache of one i32 for each position, and what each sequence should hold.
class Model {
public:
  Model(int32_t window, int32_t slots, int32_t context)
      : window(window), held(slots), readFrom(slots) {
    EXPECT(cache.reserve({numbers, window}, type, slots, context) &&
           place(cache, engine));
  }

  int32_t length(int32_t slot) const {
    return static_cast<int32_t>(held[slot].size());
  }

  void append(int32_t slot, int32_t count) {
    // As before a step: the pages that its first token does not see go.
    cache.release(slot, length(slot));
    readFrom[slot] =
        std::max(readFrom[slot], window ? length(slot) - window + 1 : 0);
    for (int32_t i = 0; i < count; ++i) {
      *at(cache.prepare(slot, length(slot))) = next;
      held[slot].push_back(next++);
    }
  }

  /// What Session::forget does; returns the new length.
  int32_t goBack(int32_t slot, int32_t to) {
    if (!cache.reaches(slot, to))
      to = 0;
    cache.truncate(slot, to);
    held[slot].resize(to);
    if (to == 0)
      readFrom[slot] = 0;
    return to;
  }

  void fork(int32_t from, int32_t to) {
    cache.fork(from, to);
    held[to] = held[from];
    readFrom[to] = readFrom[from];
  }

  /// Every slot holds what it should, and no page is held for nothing.
  void check() {
    std::set<int32_t> pages;
    abi::PagePool view = cache.view(nullptr);
    for (size_t slot = 0; slot < held.size(); ++slot) {
      const int32_t *row = view.table + slot * view.tablePages;
      int32_t size = length(slot), first = readFrom[slot];
      for (int32_t i = first; i < size; ++i)
        EXPECT(row[i / page] >= 0 &&
               *at(row[i / page] * page + i % page) == held[slot][i]);
      for (int32_t i = 0; i < view.tablePages; ++i) {
        bool isRead = (i + 1) * page > first && i * page < size;
        EXPECT((row[i] >= 0) == isRead);
        if (row[i] >= 0)
          pages.insert(row[i]);
      }
    }
    EXPECT(cache.usedPages() == static_cast<int32_t>(pages.size()));
    // The lowest free page is used first: the highest one was needed.
    highest = std::max(highest, cache.usedPages());
    EXPECT(pages.empty() || *pages.rbegin() < highest);
  }

  CpuEngine engine;
  KvCache cache;

private:
  static constexpr abi::CacheType type = abi::CacheType::F32;
  static constexpr int64_t numbers = 16;

  int32_t *at(int32_t mapping) {
    char *start = static_cast<char *>(cache.view(nullptr).pages) +
                  mapping / page * abi::getPageBytes(type, numbers);
    return reinterpret_cast<int32_t *>(start) + mapping % page;
  }

  int32_t window, next = 1, highest = 0;
  std::vector<std::vector<int32_t>> held; // [slot][position]
  std::vector<int32_t> readFrom;          // [slot]: first position that is seen
};
} // namespace

static void testSizes() {
  EXPECT(KvCache::canCount(1, abi::maxContext));
  EXPECT(KvCache::canCount(127, abi::maxContext));
  EXPECT(!KvCache::canCount(128, abi::maxContext));
  EXPECT(KvCache::canCount(65536, 32640) && !KvCache::canCount(65536, 32641));
  KvCache cache;
  EXPECT(!cache.reserve({INT64_MAX / 4, 0}, abi::CacheType::F32, 1, 1));
  EXPECT(
      !cache.reserve({INT64_MAX / 2048, 0}, abi::CacheType::F32, 64, 1 << 20));
  CpuEngine engine;
  EXPECT(cache.reserve({int64_t(1) << 50, 0}, abi::CacheType::F16, 1, 1) &&
         !place(cache, engine));
}

static void testPages() {
  Model model(0, 3, 4 * page);
  EXPECT(model.cache.usedPages() == 0);
  model.append(0, page);
  EXPECT(model.cache.usedPages() == 1);
  model.append(0, 1);
  model.append(1, 1);
  EXPECT(model.cache.usedPages() == 3);
  model.check();
  // Page 1 is free again and is the lowest.
  model.goBack(0, page);
  EXPECT(model.cache.usedPages() == 2);
  EXPECT(model.cache.prepare(2, 0) == page);
  model.cache.truncate(2, 0);
  // To the middle of a page, and to the same length.
  model.goBack(0, page - 1);
  model.goBack(0, page - 1);
  model.append(0, 3 * page + 1);
  model.check();
  EXPECT(model.length(0) == 4 * page && model.cache.usedPages() == 5);
}

/// Forks share pages until they write to one.
static void testForks() {
  Model model(0, 3, 4 * page);
  model.append(0, 2 * page + 5);
  model.fork(0, 1);
  model.fork(1, 2);
  model.fork(2, 2);
  EXPECT(model.cache.usedPages() == 3);
  model.check();
  model.append(1, 1); // a copy of the last page
  EXPECT(model.cache.usedPages() == 4);
  model.append(1, 1);
  EXPECT(model.cache.usedPages() == 4);
  model.append(0, 1);
  EXPECT(model.cache.usedPages() == 5);
  model.append(2, 1); // the last one that holds it needs no copy
  EXPECT(model.cache.usedPages() == 5);
  model.check();
  // In the place of its own pages.
  model.fork(0, 1);
  EXPECT(model.cache.usedPages() == 4);
  // Going back into a shared page and writing there changes no other.
  model.goBack(1, 3);
  model.append(1, 1);
  EXPECT(model.cache.usedPages() == 5);
  model.check();
  for (int32_t slot : {0, 1, 2})
    model.goBack(slot, 0);
  EXPECT(model.cache.usedPages() == 0);
}

/// A token at p sees p - window + 1 ... p.
static void testWindow() {
  constexpr int32_t window = 10;
  Model model(window, 2, 8 * page);
  model.append(0, page + window - 1);
  EXPECT(model.cache.usedPages() == 2);
  // The token at page + window - 2 sees the last position of the first page.
  model.cache.release(0, page + window - 2);
  EXPECT(model.cache.usedPages() == 2);
  model.check();
  EXPECT(model.cache.reaches(0, 1));
  model.fork(0, 1);
  model.append(0, 1);
  // The fork has the first page, and the second one as it was.
  EXPECT(model.cache.usedPages() == 3);
  model.check();
  EXPECT(model.cache.reaches(0, page + window - 1));
  EXPECT(!model.cache.reaches(0, page + window - 2));
  EXPECT(model.cache.reaches(1, page + window - 2));
  EXPECT(model.cache.reaches(0, 0));
  // However long it becomes, two pages are enough for small steps.
  model.goBack(1, 0);
  while (model.length(0) < 8 * page) {
    model.append(0, 1);
    EXPECT(model.cache.usedPages() <= 2);
  }
  model.check();
  EXPECT(model.goBack(0, 7 * page) == 0);
  EXPECT(model.cache.usedPages() == 0);
  model.append(0, page);
  model.check();
}

/// What is resident stays when it moves into huge pages.
static void testHugePages() {
  Model model(0, 1, 1200 * page);
  for (int32_t i = 0; i < 1200; ++i) {
    model.append(0, page);
    model.cache.growHuge();
  }
  model.check();
}

static void testRandom(int32_t window) {
  constexpr int32_t slots = 6, context = 8 * page;
  Model model(window, slots, context);
  uint32_t state = 1;
  auto below = [&](int32_t end) {
    state = state * 1664525 + 1013904223;
    return static_cast<int32_t>((state >> 8) % uint32_t(end));
  };
  for (int32_t i = 0; i < 10000; ++i) {
    int32_t slot = below(slots);
    switch (below(6)) {
    case 0:
      model.fork(below(slots), slot);
      break;
    case 1:
      model.goBack(slot, 0);
      break;
    case 2:
      model.goBack(slot, below(model.length(slot) + 1));
      break;
    default:
      // Mostly a few tokens, sometimes a long text.
      model.append(slot, std::min(below(4) ? below(20) : below(context),
                                  context - model.length(slot)));
    }
    model.check();
  }
  for (int32_t slot = 0; slot < slots; ++slot)
    model.goBack(slot, 0);
  EXPECT(model.cache.usedPages() == 0);
}

int main() {
  testSizes();
  testPages();
  testForks();
  testWindow();
  testHugePages();
  for (int32_t window : {0, 1, 100, 300})
    testRandom(window);
  puts("ok");
}
