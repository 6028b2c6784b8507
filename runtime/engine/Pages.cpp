//===- Pages.cpp - Memory from the system ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Pages.h"
#include <algorithm>
#include <sys/mman.h>
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 // Linux 6.1
#endif

using namespace quipu;

Pages::~Pages() {
  if (start)
    munmap(start, bytes);
}

bool Pages::reserve(uint64_t size) {
  bytes = std::max<uint64_t>(size, 1);
  void *map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  start = map == MAP_FAILED ? nullptr : map;
  return start;
}

// A refusal of the system only costs speed.

void Pages::makeHuge(void *start, uint64_t bytes, uint64_t used) {
  preferHugePages(start, bytes);
  (void)madvise(start, std::min(used, bytes), MADV_COLLAPSE);
}

void quipu::preferHugePages(const void *start, uint64_t bytes) {
  (void)madvise(const_cast<void *>(start), bytes, MADV_HUGEPAGE);
}
