//===- drafting-test.cpp - What is drafted, and how much of it ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftLength.h"
#include "runtime/generate/speculative/LookupDrafter.h"
#include <cstdio>

using namespace quipu;

static void lookUp(const char *name, std::vector<int32_t> text, int32_t most) {
  std::vector<int32_t> drafted;
  LookupDrafter().draft(text, most, drafted);
  printf("%s:", name);
  for (int32_t token : drafted)
    printf(" %d", token);
  printf("\n");
}

/// What most of 1,000 rounds draft, when `accepted` tokens of each draft are
/// good and a round takes one unit and `perToken` for each drafted token.
static void adapt(const char *name, int32_t accepted, double perToken) {
  DraftLength length;
  int32_t counts[DraftLength::lengths.back() + 1] = {}, most = 0;
  for (int32_t round = 0; round < 1000; ++round) {
    int32_t drafted = length.best();
    length.learn(drafted, accepted < drafted ? accepted : drafted,
                 1 + perToken * drafted);
    if (++counts[drafted] > counts[most])
      most = drafted;
  }
  printf("%s: %d\n", name, most);
}

int main() {
  lookUp("nothing", {}, 4);
  lookUp("new", {1, 2, 3, 4}, 4);
  lookUp("one equal token", {1, 2, 3, 2}, 4);
  lookUp("two", {1, 2, 3, 4, 5, 1, 2}, 2);
  lookUp("the longest", {7, 1, 2, 3, 8, 1, 2, 4, 7, 1, 2}, 1);
  lookUp("the last", {1, 2, 3, 1, 2, 4, 1, 2}, 1);
  lookUp("a loop", {9, 1, 2, 3, 1, 2, 3}, 7);

  adapt("all good, free", 15, 0);
  adapt("all good, dear", 15, 2);
  adapt("three good", 3, 0.1);
  adapt("none good", 0, 0.1);
}
