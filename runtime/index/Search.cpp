//===- Search.cpp - The passages nearest to a vector ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Search.h"
#include "runtime/engine/Workers.h"
#include "runtime/index/DotProducts.h"
#include <algorithm>
#include <cmath>

using namespace quipu;

/// A total order, so that it does not matter who finds what when.
static bool isNearer(const Found &a, const Found &b) {
  return a.score != b.score ? a.score > b.score : a.passage < b.passage;
}

namespace {
/// The nearest that were offered: a heap whose front is the one to give up.
class Nearest {
public:
  explicit Nearest(size_t most) : most(most) {}

  void offer(const Found &found) {
    if (std::isnan(found.score))
      return;
    if (heap.size() == most) {
      if (!isNearer(found, heap.front()))
        return;
      std::pop_heap(heap.begin(), heap.end(), isNearer);
      heap.pop_back();
    }
    heap.push_back(found);
    std::push_heap(heap.begin(), heap.end(), isNearer);
  }

  std::vector<Found> heap;

private:
  size_t most;
};

/// The query, of length 1, with zeros up to the end of a row.
class Query {
public:
  Query(std::span<const float> vector, uint64_t count)
      : place(static_cast<float *>(
            std::aligned_alloc(indexAlignment, count * sizeof(float)))) {
    double square = 0;
    for (float number : vector)
      square += double(number) * number;
    double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (size_t i = 0; i < count; ++i)
      place[i] = i < vector.size() ? static_cast<float>(vector[i] * scale) : 0;
  }
  Query(const Query &) = delete;
  Query &operator=(const Query &) = delete;
  ~Query() { std::free(place); }

  const float *data() const { return place; }

private:
  float *place;
};
} // namespace

std::string quipu::findNearest(const IndexFile &index,
                               std::span<const float> query, size_t most,
                               Workers &workers, std::vector<Found> &found) {
  const uint64_t count = index.header().passageCount;
  const uint64_t stride = rowBytes(index.header().dimensions) / 2;
  constexpr uint64_t chunk = 32; // rows
  found.clear();
  most = std::min<size_t>(most, count);
  if (most == 0)
    return "";
  Query padded(query, stride);
  DotProducts multiply = chooseDotProducts();
  std::vector<Nearest> parts(workers.count(), Nearest(most));
  std::vector<uint64_t> damaged(workers.count(), count); // the first, or none
  workers.run([&](int32_t worker, int32_t all) {
    uint64_t end = count * (worker + 1) / all;
    float scores[chunk];
    for (uint64_t at = count * worker / all; at < end; at += chunk) {
      uint64_t rows = std::min(chunk, end - at);
      multiply(index.row(at), static_cast<int64_t>(stride),
               static_cast<int64_t>(rows), padded.data(),
               static_cast<int64_t>(stride), scores);
      for (uint64_t i = 0; i < rows; ++i)
        parts[worker].offer({scores[i], at + i});
      // They are in the processor's first cache now.
      if (uint64_t whole = index.countWholeRows(at, rows); whole < rows)
        damaged[worker] = std::min(damaged[worker], at + whole);
    }
  });
  if (uint64_t first = *std::ranges::min_element(damaged); first < count)
    return IndexFile::damaged(first);
  for (const Nearest &part : parts)
    found.insert(found.end(), part.heap.begin(), part.heap.end());
  std::sort(found.begin(), found.end(), isNearer);
  found.resize(std::min(found.size(), most));
  return "";
}
