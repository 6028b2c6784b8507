//===- RepetitionWatch.cpp - Texts that repeat themselves -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/RepetitionWatch.h"
#include <algorithm>

using namespace quipu;

bool RepetitionWatch::add(int32_t token) {
  size_t at = text.size();
  text.push_back(token);
  bool repeats = false;
  for (size_t passage = 1; passage <= longestPassage && passage <= at;
       ++passage) {
    same[passage] = text[at - passage] == token ? same[passage] + 1 : 0;
    repeats |=
        same[passage] + passage >= std::max(leastTokens, leastTimes * passage);
  }
  return repeats;
}
