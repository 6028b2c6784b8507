//===- Retrieval.cpp - The passages that fit a question -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Retrieval.h"
#include "support/Utf8.h"
#include <algorithm>

using namespace quipu;

std::string RetrievedPassage::place() const {
  std::string lines = std::to_string(firstLine);
  if (lastLine != firstLine)
    lines += "-" + std::to_string(lastLine);
  return path + ":" + lines;
}

static std::string utf8(std::string_view bytes) {
  std::string text;
  appendAsUtf8(text, bytes);
  return text;
}

namespace {
/// Passages of one section that are shown together.
struct Range {
  uint64_t begin, end;
  float score;
};
} // namespace

/// Passages beside `found` are added to it, first those behind, as long as the
/// text is not too long: one alone is good to find, and too short to answer.
static Range widen(const IndexFile &index, const Found &found,
                   std::span<const Range> others) {
  constexpr size_t most = 800; // bytes
  Range range = {found.passage, found.passage + 1, found.score};
  const FoundPassage center = index.passage(found.passage);
  size_t bytes = center.text.size();
  auto take = [&](uint64_t next) {
    if (next >= index.header().passageCount)
      return false;
    FoundPassage passage = index.passage(next);
    bool isFree =
        std::none_of(others.begin(), others.end(), [&](const Range &other) {
          return next >= other.begin && next < other.end;
        });
    if (passage.path != center.path || passage.title != center.title ||
        bytes + passage.text.size() > most || !isFree)
      return false;
    bytes += passage.text.size();
    return true;
  };
  for (bool grows = true; grows;) {
    bool isBehind = take(range.end);
    range.end += isBehind;
    bool isBefore = range.begin > 0 && take(range.begin - 1);
    range.begin -= isBefore;
    grows = isBehind || isBefore;
  }
  return range;
}

std::string quipu::retrieve(const IndexFile &index,
                            std::span<const float> query, size_t most,
                            float leastScore, Workers &workers,
                            Retrieval &retrieval) {
  // Several may be in one range.
  constexpr size_t perRange = 16;
  std::vector<Found> nearest;
  if (std::string error =
          findNearest(index, query, most * perRange, workers, nearest);
      !error.empty())
    return error;
  std::vector<Range> ranges;
  for (const Found &found : nearest) {
    retrieval.bestScore = std::max<double>(retrieval.bestScore, found.score);
    bool isTaken =
        std::any_of(ranges.begin(), ranges.end(), [&](const Range &range) {
          return found.passage >= range.begin && found.passage < range.end;
        });
    if (found.score >= leastScore && ranges.size() < most && !isTaken)
      ranges.push_back(widen(index, found, ranges));
  }
  for (const Range &range : ranges) {
    FoundPassage first = index.passage(range.begin),
                 last = index.passage(range.end - 1);
    std::string text;
    for (uint64_t i = range.begin; i < range.end; ++i) {
      if (!index.hasWholeText(i))
        return IndexFile::damaged(i);
      text += index.passage(i).text;
    }
    text.erase(0, text.find_first_not_of('\n'));
    retrieval.passages.push_back({utf8(first.path), utf8(first.title),
                                  utf8(text), first.firstLine, last.lastLine,
                                  range.score});
  }
  return "";
}
