//===- DraftLength.cpp - How many tokens are worth drafting ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftLength.h"

using namespace quipu;

/// The first of the lengths that is not less than `count`.
static size_t indexOf(int32_t count) {
  size_t index = 0;
  while (index + 1 < DraftLength::lengths.size() &&
         DraftLength::lengths[index] < count)
    ++index;
  return index;
}

int32_t DraftLength::best() const {
  if (seconds[0] == 0)
    return 0;
  int32_t length = 0;
  double highest = 0, round = 0, expected = 1, probability = 1;
  for (size_t i = 0; i < lengths.size(); ++i) {
    for (int32_t n = i ? lengths[i - 1] : 0; n < lengths[i]; ++n)
      expected += probability *= acceptance[i];
    // What is not known yet is tried: it may cost no more than less of it.
    round = seconds[i] ? seconds[i] : round;
    if (expected / round >= highest) {
      highest = expected / round;
      length = lengths[i];
    }
  }
  return length;
}

void DraftLength::learn(int32_t drafted, int32_t accepted, double taken) {
  constexpr double recent = 1.0 / 8;
  for (int32_t i = 0; i < drafted && i <= accepted; ++i) {
    double &share = acceptance[indexOf(i + 1)];
    share += recent * ((i < accepted) - share);
  }
  size_t measured = indexOf(drafted);
  double &known = seconds[measured];
  known += (known ? recent : 1) * (taken - known);
  // Other lengths get another chance by and by: texts and machines change.
  for (size_t i = 0; i < lengths.size(); ++i)
    if (i != measured)
      seconds[i] *= 0.995;
}
