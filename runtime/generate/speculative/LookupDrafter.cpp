//===- LookupDrafter.cpp - Drafts from the text itself --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/LookupDrafter.h"
#include <algorithm>

using namespace quipu;

std::string LookupDrafter::draft(const std::vector<int32_t> &text, int32_t most,
                                 std::vector<int32_t> &drafted) {
  drafted.clear();
  auto size = static_cast<int32_t>(text.size());
  int32_t longest = minEqual - 1, found = size;
  for (int32_t end = size - 1; end >= minEqual && longest < maxEqual; --end) {
    int32_t equal = 0;
    while (equal < std::min(end, maxEqual) &&
           text[end - 1 - equal] == text[size - 1 - equal])
      ++equal;
    if (equal > longest) {
      longest = equal;
      found = end;
    }
  }
  // Where the text ends, the drafted tokens go on: it may repeat itself.
  for (int32_t i = found; found < size && i < found + most; ++i)
    drafted.push_back(i < size ? text[i] : drafted[i - size]);
  return "";
}
