//===- search.cpp - How fast an index is searched -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   search make FILE VECTORS DIMENSIONS
//     writes an index of random vectors
//   search time FILE THREADS
//     the best time of some searches for ten passages, in seconds, the bytes of
//     the vectors, and the time from opening the file to the first search's end
//
// Prints JSON.
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Search.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Workers.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

using namespace quipu;

static int fail(const std::string &sentence) {
  std::fprintf(stderr, "search: error: %s\n", sentence.c_str());
  return 1;
}

static std::vector<float> makeVector(std::mt19937 &random, size_t dimensions) {
  std::vector<float> vector(dimensions);
  std::uniform_real_distribution<float> number(-1, 1);
  for (float &value : vector)
    value = number(random);
  return vector;
}

static int make(const char *path, uint64_t vectors, uint32_t dimensions) {
  IndexContent content;
  content.header.dimensions = dimensions;
  content.probe.resize(dimensions);
  content.header.model = content.addText("");
  content.files.push_back({content.addText("random"), 0, vectors, 0, 0, 0});
  std::mt19937 random(1);
  for (uint64_t i = 0; i < vectors; ++i) {
    content.addRow(makeVector(random, dimensions));
    content.passages.push_back({content.addText(""), 0, 0, 1, 1, 0});
  }
  OutputFile file;
  std::string error = file.open(path);
  if (error.empty())
    error = content.write(file);
  return error.empty() ? 0 : fail(error);
}

static int measure(const char *path, int32_t threads) {
  double start = now(), best = 1e9;
  IndexFile index;
  if (std::string error = index.open(path); !error.empty())
    return fail(error);
  Workers workers;
  if (!workers.start(threads, /*pin=*/true))
    return fail("there are no more threads");
  std::mt19937 random(2);
  std::vector<float> query = makeVector(random, index.header().dimensions);
  std::vector<Found> found;
  if (std::string error = findNearest(index, query, 10, workers, found);
      !error.empty())
    return fail(error);
  double first = now() - start;
  for (int round = 0; round < 20; ++round) {
    double begin = now();
    findNearest(index, query, 10, workers, found);
    best = std::min(best, now() - begin);
  }
  std::printf(
      "{\"seconds\": %.6f, \"bytes\": %llu, \"first\": %.6f}\n", best,
      static_cast<unsigned long long>(index.header().passageCount *
                                      rowBytes(index.header().dimensions)),
      first);
  return 0;
}

int main(int argc, char **argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "make" && argc == 5)
    return make(argv[2], std::strtoull(argv[3], nullptr, 10),
                static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10)));
  if (command == "time" && argc == 4)
    return measure(argv[2],
                   static_cast<int32_t>(std::strtol(argv[3], nullptr, 10)));
  return fail("usage: search make FILE VECTORS DIMENSIONS | time FILE THREADS");
}
