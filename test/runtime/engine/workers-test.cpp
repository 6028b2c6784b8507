//===- workers-test.cpp - Barriers with more threads than cores -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints what went wrong, or "ok".
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Workers.h"
#include <cstdio>

using namespace quipu;

/// Each worker writes its round, all meet, and each reads its neighbour's: one
/// that overtakes the others is seen by someone. The numbers are plain, so a
/// thread sanitizer sees a barrier that does not order memory.
static bool walk(Workers &workers, int32_t rounds) {
  struct alignas(64) Place {
    int32_t round = -1;
    int32_t mistakes = 0;
  };
  std::vector<Place> places(workers.count());
  workers.run([&](int32_t worker, int32_t count) {
    for (int32_t round = 0; round < rounds; ++round) {
      places[worker].round = round;
      workers.barrierHandle()->wait();
      places[worker].mistakes += places[(worker + 1) % count].round != round;
      workers.barrierHandle()->wait();
    }
  });
  for (const Place &place : places)
    if (place.round != rounds - 1 || place.mistakes)
      return false;
  return true;
}

int main() {
  for (int32_t count : {1, 2, 3, 8, 33})
    for (bool pin : {false, true}) {
      Workers workers;
      if (!workers.start(count, pin)) {
        printf("cannot start %d workers\n", count);
        return 1;
      }
      // Many short runs, then a long one: both ways of waking up.
      for (int32_t run = 0; run < 100; ++run)
        if (!walk(workers, 1)) {
          printf("%d workers: wrong in run %d\n", count, run);
          return 1;
        }
      if (!walk(workers, 2000 / count)) {
        printf("%d workers: wrong in the long run\n", count);
        return 1;
      }
    }
  puts("ok");
}
