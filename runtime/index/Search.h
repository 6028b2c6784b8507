//===- Search.h - The passages nearest to a vector --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_SEARCH_H
#define QUIPU_RUNTIME_INDEX_SEARCH_H

#include "runtime/index/IndexFile.h"

namespace quipu {

class Workers;

struct Found {
  float score; // the cosine of the angle between the vectors
  uint64_t passage;
};

/// The passages, `most` at most, whose vectors are nearest to the query's, the
/// nearest first and, of equal ones, the first first. Every vector is looked
/// at. The same whatever the number of workers. Returns a sentence if a row is
/// damaged, or nothing.
std::string findNearest(const IndexFile &index, std::span<const float> query,
                        size_t most, Workers &workers,
                        std::vector<Found> &found);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_SEARCH_H
