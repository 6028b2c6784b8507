//===- random-weights-test.cpp - Weights that are made at the start -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/RandomWeights.h"
#include "test/Expect.h"
#include "weights/HalfFloats.h"
#include <algorithm>
#include <cstring>
#include <vector>

using namespace quipu;
using abi::RandomKind;

static constexpr uint64_t numbers = 1 << 16;
static constexpr uint64_t one = 0x3f8000003f800000;

static const abi::RandomPart bf16[] = {{2 * numbers, 0, RandomKind::BF16}},
                             f16[] = {{2 * numbers, 0, RandomKind::F16}},
                             f32[] = {{4 * numbers, 0, RandomKind::F32}},
                             ones[] = {{8, one, RandomKind::Constant}},
                             // Scales and codes in turn.
    block[] = {{32, 0x0102030405060708, RandomKind::Constant},
               {128, 0, RandomKind::Bytes}};
static const abi::RandomWeight weights[] = {
    {0, 2 * numbers, bf16, 1},
    {2 * numbers, 2 * numbers, f16, 1},
    {4 * numbers, 4 * numbers, f32, 1},
    {8 * numbers, 4096, ones, 1},
    {8 * numbers + 4096, 160 * 1000, block, 2}};
static constexpr uint64_t allBytes = 8 * numbers + 4096 + 160 * 1000;

using Bytes = std::vector<uint8_t>;

static abi::Program makeProgram(uint64_t seed) {
  abi::Program program = {};
  program.random = weights;
  program.randomCount = 5;
  program.randomSeed = seed;
  return program;
}

static Bytes fill(uint64_t seed, uint64_t together) {
  abi::Program program = makeProgram(seed);
  RandomWeights random(program);
  Bytes bytes(allBytes, 0xee);
  for (uint64_t from = 0; from < allBytes; from += together)
    random.fill(from, std::min(together, allBytes - from), &bytes[from]);
  return bytes;
}

template <typename Read>
static void expectNormal(const uint8_t *from, int64_t size, Read read) {
  double sum = 0, squares = 0;
  for (uint64_t i = 0; i < numbers; ++i) {
    double number = read(from + i * size);
    EXPECT(std::fabs(number) < 4 * abi::randomDeviation);
    sum += number;
    squares += number * number;
  }
  EXPECT(std::fabs(sum / numbers) < 0.03 * abi::randomDeviation);
  EXPECT(std::fabs(std::sqrt(squares / numbers) / abi::randomDeviation - 1) <
         0.02);
}

static uint16_t readHalf(const uint8_t *from) {
  uint16_t bits;
  memcpy(&bits, from, 2);
  return bits;
}

int main() {
  Bytes bytes = fill(7, allBytes);
  expectNormal(&bytes[0], 2,
               [](const uint8_t *at) { return fromBFloat(readHalf(at)); });
  expectNormal(&bytes[2 * numbers], 2,
               [](const uint8_t *at) { return fromHalf(readHalf(at)); });
  expectNormal(&bytes[4 * numbers], 4, [](const uint8_t *at) {
    float number;
    memcpy(&number, at, 4);
    return number;
  });
  for (uint64_t i = 8 * numbers; i < 8 * numbers + 4096; i += 8)
    EXPECT(memcmp(&bytes[i], &one, 8) == 0);
  int64_t counts[256] = {};
  for (uint64_t i = 8 * numbers + 4096; i < allBytes; i += 160) {
    EXPECT(bytes[i] == 8 && bytes[i + 31] == 1);
    for (uint64_t code = 32; code < 160; ++code)
      ++counts[bytes[i + code]];
  }
  for (int64_t count : counts) // 128000 / 256 = 500 of each
    EXPECT(count > 350 && count < 650);

  // In any pieces.
  EXPECT(fill(7, 64 * 101) == bytes);
  EXPECT(fill(7, 64) == bytes);
  EXPECT(fill(8, allBytes) != bytes);
  puts("ok");
}
