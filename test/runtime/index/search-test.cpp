//===- search-test.cpp - The nearest vectors, and their bits --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Workers.h"
#include "runtime/index/DotProducts.h"
#include "runtime/index/Search.h"
#include "test/Expect.h"
#include "weights/HalfFloats.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

using namespace quipu;

static std::vector<float> makeVector(std::mt19937 &random, size_t size) {
  std::normal_distribution<float> number;
  std::vector<float> vector(size);
  for (float &value : vector)
    value = number(random);
  return vector;
}

/// An index in memory.
class TestIndex {
public:
  TestIndex(const std::vector<std::vector<float>> &vectors,
            const std::string &path) {
    IndexContent content;
    content.header.dimensions = static_cast<uint32_t>(vectors[0].size());
    content.probe = vectors[0];
    content.files.push_back(
        {content.addText("file"), 0, vectors.size(), 0, 0, 0});
    for (const std::vector<float> &vector : vectors) {
      EXPECT(content.addRow(vector));
      content.passages.push_back({content.addText("text"), 0, 0, 1, 1, 0});
    }
    content.header.model = content.addText("model");
    OutputFile file;
    EXPECT(file.open(path) == "");
    EXPECT(content.write(file) == "");
    EXPECT(index.open(path) == "");
  }
  IndexFile index;
};

/// In f64, from the numbers as the index has them.
static std::vector<double> scoresOf(const IndexFile &index,
                                    const std::vector<float> &query) {
  double square = 0;
  for (float number : query)
    square += double(number) * number;
  std::vector<double> scores;
  for (uint64_t i = 0; i < index.header().passageCount; ++i) {
    double sum = 0;
    for (size_t j = 0; j < query.size(); ++j)
      sum += double(fromHalf(index.row(i)[j])) * query[j];
    scores.push_back(sum / std::sqrt(square));
  }
  return scores;
}

static void findsTheNearest(const std::string &path) {
  std::mt19937 random(1);
  for (size_t dimensions : {1, 31, 32, 384, 1000}) {
    std::vector<std::vector<float>> vectors;
    for (int i = 0; i < 777; ++i)
      vectors.push_back(makeVector(random, dimensions));
    // Equal ones, far apart.
    vectors[700] = vectors[500] = vectors[3];
    TestIndex made(vectors, path);
    std::vector<float> query = vectors[3];
    std::vector<double> expected = scoresOf(made.index, query);
    std::vector<Found> first;
    for (int threads : {1, 2, 5}) {
      Workers workers;
      EXPECT(workers.start(threads, /*pin=*/false));
      std::vector<Found> found;
      EXPECT(findNearest(made.index, query, 20, workers, found) == "");
      EXPECT(found.size() == 20);
      // One number is its sign only: many are equal.
      if (dimensions > 1)
        EXPECT(found[0].passage == 3 && found[1].passage == 500 &&
               found[2].passage == 700);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT(std::abs(found[i].score - expected[found[i].passage]) < 2e-6);
        EXPECT(i == 0 || found[i - 1].score > found[i].score ||
               (found[i - 1].score == found[i].score &&
                found[i - 1].passage < found[i].passage));
      }
      // Nothing that was left out is nearer.
      auto better =
          std::count_if(expected.begin(), expected.end(), [&](double score) {
            return score > found.back().score + 2e-6;
          });
      EXPECT(better < 20);
      if (first.empty())
        first = found;
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT(memcmp(&found[i].score, &first[i].score, sizeof(float)) == 0 &&
               found[i].passage == first[i].passage);
    }
  }
}

static void findsAllOfFew(const std::string &path) {
  TestIndex made({{1, 0}, {0, -2}, {1, 1}}, path);
  Workers workers;
  std::vector<float> query = {3, 0};
  std::vector<Found> found;
  EXPECT(findNearest(made.index, query, 10, workers, found) == "");
  EXPECT(found.size() == 3 && found[0].passage == 0 && found[1].passage == 2 &&
         found[2].passage == 1);
  EXPECT(found[0].score == 1 && found[2].score == 0);
  EXPECT(findNearest(made.index, query, 0, workers, found) == "" &&
         found.empty());
}

/// Whatever bit of an index changes, some reader of it says so.
static void noticesEveryBit(const std::string &path) {
  TestIndex made({{1, 0}, {0, -2}, {1, 1}}, path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  auto *place = static_cast<char *>(
      std::aligned_alloc(indexAlignment, alignIndex(bytes.size())));
  Workers workers;
  std::vector<float> query = {3, 0};
  uint64_t padding = sizeof(IndexHeader); // up to the vectors
  for (uint64_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    if (bit / 8 >= padding && bit / 8 < indexAlignment * 2)
      continue;
    memcpy(place, bytes.data(), bytes.size());
    place[bit / 8] = static_cast<char>(place[bit / 8] ^ 1 << bit % 8);
    IndexFile index;
    std::vector<Found> found;
    bool isWhole = index.read({place, bytes.size()}) == "" &&
                   findNearest(index, query, 3, workers, found) == "";
    for (uint64_t i = 0; i < 3 && isWhole; ++i)
      isWhole = index.hasWholeText(i);
    EXPECT(!isWhole);
  }
  std::free(place);
}

/// Every finite f16, and the same bits whichever instructions are used.
static void hasTheSameBits() {
  constexpr int64_t count = 96, rows = 700;
  alignas(64) static uint16_t numbers[rows * count];
  alignas(64) static float query[count];
  std::mt19937 random(2);
  for (uint16_t &number : numbers)
    do
      number = static_cast<uint16_t>(random());
    while ((number & 0x7c00) == 0x7c00);
  std::vector<float> vector = makeVector(random, count);
  std::copy(vector.begin(), vector.end(), query);
  for (int64_t some : {int64_t(1), int64_t(3), int64_t(4), rows}) {
    std::vector<float> fast(some), plain(some);
    chooseDotProducts()(numbers, count, some, query, count, fast.data());
    plainDotProducts()(numbers, count, some, query, count, plain.data());
    EXPECT(memcmp(fast.data(), plain.data(), some * sizeof(float)) == 0);
  }
}

static void refusesVectorsWithoutLength() {
  IndexContent content;
  EXPECT(!content.addRow(std::vector<float>{0, 0}));
  EXPECT(!content.addRow(std::vector<float>{NAN, 1}));
  EXPECT(!content.addRow(std::vector<float>{INFINITY, 1}));
  EXPECT(content.addRow(std::vector<float>{1e-30f, 0}));
  EXPECT(content.rows.size() == 32 && fromHalf(content.rows[0]) == 1);
}

int main(int argc, char **argv) {
  const std::string path = std::string(argv[0]) + ".index";
  findsTheNearest(path);
  findsAllOfFew(path);
  noticesEveryBit(path);
  hasTheSameBits();
  refusesVectorsWithoutLength();
  remove(path.c_str());
  puts("ok");
}
