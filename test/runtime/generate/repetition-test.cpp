//===- repetition-test.cpp - When texts repeat themselves -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints after how many tokens texts are seen to repeat themselves.
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/RepetitionWatch.h"
#include <cstdio>

using namespace quipu;

template <typename Text> static void show(const char *name, Text text) {
  RepetitionWatch watch;
  int32_t count = 0;
  while (count < 2000 && !watch.add(text(count++))) {
  }
  printf("%s: %d\n", name, count);
}

int main() {
  show("one token", [](int32_t) { return 7; });
  show("100 others, then five again and again",
       [](int32_t i) { return i < 100 ? i : i % 5; });
  show("a passage of 100", [](int32_t i) { return i % 100; });
  show("a passage of 128", [](int32_t i) { return i % 128; });
  show("a passage of 129", [](int32_t i) { return i % 129; });
  show("squares, modulo 97 and 89",
       [](int32_t i) { return i * i % 97 + i * i % 89; });
  show("an interrupted passage",
       [](int32_t i) { return i % 120 == 119 ? i : i % 7; });
  return 0;
}
