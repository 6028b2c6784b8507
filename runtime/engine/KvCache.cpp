//===- KvCache.cpp - Pages of cached keys and values ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/KvCache.h"
#include <algorithm>
#include <climits>

using namespace quipu;

static int32_t countPages(int32_t positions) {
  return (positions + abi::pagePositions - 1) / abi::pagePositions;
}

bool KvCache::canCount(int32_t slots, int32_t context) {
  return int64_t(slots) * countPages(context) * abi::pagePositions <= INT_MAX;
}

bool KvCache::reserve(const abi::Pool &pool, abi::CacheType type, int32_t slots,
                      int32_t context) {
  window = pool.window;
  tablePages = countPages(context);
  int32_t count = slots * tablePages;
  int64_t groupNumbers = abi::getPageBytes(type, 1), total;
  if (__builtin_mul_overflow(pool.numbers, groupNumbers, &pageBytes) ||
      __builtin_mul_overflow(pageBytes, count, &total) ||
      !tableMemory.reserve(count * sizeof(int32_t)) ||
      !userMemory.reserve(count * sizeof(int32_t)) ||
      !firstMemory.reserve(slots * sizeof(int32_t)))
    return false;
  pages.bytes = total;
  std::fill_n(table(), count, -1);
  // Huge pages come whole: not for a text of one page, and not before four of
  // them are in use.
  hugeFrom = static_cast<int32_t>(std::clamp<int64_t>(
      4 * Pages::hugeBytes / std::max<int64_t>(pageBytes, 1), 2, INT_MAX));
  return true;
}

bool KvCache::reaches(int32_t slot, int32_t position) const {
  int64_t first = window ? std::max(position - window + 1, 0) : 0;
  return position == 0 ||
         first >= int64_t(firstHeld(slot)) * abi::pagePositions;
}

int32_t KvCache::take() {
  while (users(lowestFree))
    ++lowestFree;
  touched = std::max(touched, lowestFree + 1);
  users(lowestFree) = 1;
  ++used;
  return lowestFree++;
}

void KvCache::give(int32_t &page) {
  if (page >= 0 && --users(page) == 0) {
    lowestFree = std::min(lowestFree, page);
    --used;
  }
  page = -1;
}

void KvCache::truncate(int32_t slot, int32_t length) {
  // No page lies behind one that is missing, but for those of the window.
  int32_t i = std::max(countPages(length), firstHeld(slot));
  for (; i < tablePages && row(slot)[i] >= 0; ++i)
    give(row(slot)[i]);
  if (length == 0)
    firstHeld(slot) = 0;
}

void KvCache::release(int32_t slot, int32_t position) {
  if (!window || position < window)
    return;
  int32_t end = (position - window + 1) / abi::pagePositions;
  for (int32_t &i = firstHeld(slot); i < end; ++i)
    give(row(slot)[i]);
}

void KvCache::fork(int32_t from, int32_t to) {
  if (from == to)
    return;
  truncate(to, 0);
  firstHeld(to) = firstHeld(from);
  for (int32_t i = firstHeld(from); i < tablePages && row(from)[i] >= 0; ++i) {
    row(to)[i] = row(from)[i];
    ++users(row(to)[i]);
  }
}

int32_t KvCache::prepare(int32_t slot, int32_t position) {
  int32_t &page = row(slot)[position / abi::pagePositions];
  if (page < 0) {
    page = take();
  } else if (users(page) > 1) {
    int32_t copy = take();
    engine->copy(pageStart(copy), pageStart(page), pageBytes);
    give(page);
    page = copy;
  }
  return page * abi::pagePositions + position % abi::pagePositions;
}

void KvCache::growHuge() {
  if (used < hugeFrom)
    return;
  engine->makeHuge(pages, touched * pageBytes);
  hugeFrom = INT_MAX;
}
