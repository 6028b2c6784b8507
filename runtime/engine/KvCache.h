//===- KvCache.h - Pages of cached keys and values --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sequences (slots) have pages of abi::pagePositions positions, found by a
// block table. Forks share pages; whoever writes to a shared one gets its own
// copy. There are pages for all slots' full sequences, so none is ever missing:
// a page takes memory when it is first used, the lowest free one is used next.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_KVCACHE_H
#define QUIPU_RUNTIME_ENGINE_KVCACHE_H

#include "abi/Abi.h"
#include "runtime/engine/Engine.h"
#include "runtime/engine/Pages.h"

namespace quipu {

/// The pages of one pool. Slots and positions are checked by the caller.
class KvCache {
public:
  /// Whether slot mappings can count the positions of so many pages.
  static bool canCount(int32_t slots, int32_t context);

  /// Makes a block table for `slots` sequences of `context` positions, which
  /// canCount; false without memory for it.
  bool reserve(const abi::Pool &pool, abi::CacheType type, int32_t slots,
               int32_t context);

  /// Bytes of all pages; `place` says where the engine has them.
  uint64_t bytes() const { return pages.bytes; }
  void place(Engine &where, void *start) {
    engine = &where;
    pages.data = start;
  }

  /// What a step sees, with `slotMapping` as given.
  abi::PagePool view(const int32_t *slotMapping) const {
    return {pages.data, table(), slotMapping, tablePages};
  }

  /// Whether all that a token at `position` sees of the positions before it is
  /// cached, if the slot has had them.
  bool reaches(int32_t slot, int32_t position) const;

  /// Gives back the pages of positions from `length` on.
  void truncate(int32_t slot, int32_t length);

  /// Gives back the pages that tokens from `position` on do not see.
  void release(int32_t slot, int32_t position);

  /// Lets `to` hold the same pages as `from`, in place of its own.
  void fork(int32_t from, int32_t to);

  /// Makes a position ready to be written and returns its slot mapping. Its
  /// page is then no other slot's.
  int32_t prepare(int32_t slot, int32_t position);

  /// Reading many pages from huge pages of the system is 10 to 20 % faster;
  /// asks for those once they would be well used. Called between steps.
  void growHuge();

  int32_t usedPages() const { return used; }
  int64_t usedBytes() const { return used * pageBytes; }

private:
  int32_t *table() const { return static_cast<int32_t *>(tableMemory.data()); }
  int32_t *row(int32_t slot) const {
    return table() + int64_t(slot) * tablePages;
  }
  int32_t &users(int32_t page) const {
    return static_cast<int32_t *>(userMemory.data())[page];
  }
  /// The first page that was not given back because of the window.
  int32_t &firstHeld(int32_t slot) const {
    return static_cast<int32_t *>(firstMemory.data())[slot];
  }
  char *pageStart(int32_t page) const {
    return static_cast<char *>(pages.data) + page * pageBytes;
  }
  int32_t take();
  void give(int32_t &page);

  Engine *engine = nullptr;
  StepMemory::Part pages;
  Pages tableMemory; // [slot][tablePages]: page numbers, -1: none
  Pages userMemory;  // [page]: how many slots hold it
  Pages firstMemory; // [slot]
  int64_t pageBytes = 0;
  int32_t window = 0;
  int32_t tablePages = 0;
  int32_t used = 0;
  int32_t lowestFree = 0; // no page below it is free
  int32_t touched = 0;    // pages from here on have never been used
  int32_t hugeFrom = 0;   // used pages from which on they are huge
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_KVCACHE_H
