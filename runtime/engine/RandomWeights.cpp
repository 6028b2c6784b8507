//===- RandomWeights.cpp - Weights that are made at the start -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/RandomWeights.h"
#include "weights/HalfFloats.h"
#include <algorithm>
#include <cstring>

using namespace quipu;
using abi::RandomKind;

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
static uint64_t mix(uint64_t number) {
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

/// 64 random bits: a counter's place in SplitMix64's sequence.
static uint64_t getBits(uint64_t key, uint64_t counter) {
  return mix(key + counter * 0x9e3779b97f4a7c15);
}

/// The sum of four uniform bytes, with their mean taken off, is about normal.
static float getNormal(uint32_t bits) {
  constexpr float deviation = 147.80167f; // sqrt(4 * (256^2 - 1) / 12)
  uint32_t pairs = (bits & 0x00ff00ff) + (bits >> 8 & 0x00ff00ff);
  int32_t sum = int32_t((pairs & 0xffff) + (pairs >> 16)) - 510;
  return float(sum) * (abi::randomDeviation / deviation);
}

/// Words `first` to `end`, counted from the weights' first byte.
template <typename Word>
static void fillWords(uint64_t first, uint64_t end, char *to, Word word) {
  for (uint64_t i = first; i < end; ++i, to += 8) {
    uint64_t bits = word(i);
    memcpy(to, &bits, 8);
  }
}

RandomWeights::Table::Table(uint16_t (*convert)(float)) {
  for (uint64_t i = 0; uint16_t &number : numbers)
    number = convert(getNormal(uint32_t(getBits(0, i++))));
}

uint64_t RandomWeights::Table::drawFour(uint64_t random) const {
  uint64_t four = 0;
  for (int shift = 0; shift < 64; shift += 16)
    four |= uint64_t(numbers[(random >> shift & 0xffff) >> (16 - bits)])
            << shift;
  return four;
}

RandomWeights::RandomWeights(const abi::Program &program)
    : program(program), key(mix(program.randomSeed + 1)), f16(toHalf),
      bf16(toBFloat) {}

void RandomWeights::fillPart(const abi::RandomPart &part, uint64_t first,
                             uint64_t end, char *to) const {
  switch (part.kind) {
  case RandomKind::Constant:
    return fillWords(first, end, to, [&](uint64_t) { return part.constant; });
  case RandomKind::Bytes:
    return fillWords(first, end, to,
                     [&](uint64_t i) { return getBits(key, i); });
  case RandomKind::F32:
    return fillWords(first, end, to, [&](uint64_t i) {
      uint64_t bits = getBits(key, i);
      auto toBits = [](uint64_t half) {
        return uint64_t(std::bit_cast<uint32_t>(getNormal(uint32_t(half))));
      };
      return toBits(bits) | toBits(bits >> 32) << 32;
    });
  case RandomKind::F16:
    return fillWords(first, end, to,
                     [&](uint64_t i) { return f16.drawFour(getBits(key, i)); });
  case RandomKind::BF16:
    return fillWords(first, end, to, [&](uint64_t i) {
      return bf16.drawFour(getBits(key, i));
    });
  }
}

/// Bytes `from` to `end` of one weight, counted from that of all of them.
void RandomWeights::fillWeight(const abi::RandomWeight &weight, uint64_t from,
                               uint64_t end, char *to) const {
  uint64_t period = 0;
  for (int32_t i = 0; i < weight.partCount; ++i)
    period += weight.parts[i].bytes;
  uint64_t skip = (from - weight.offset) % period; // bytes before the next part
  while (from < end)
    for (int32_t i = 0; i < weight.partCount && from < end; ++i) {
      const abi::RandomPart &part = weight.parts[i];
      if (skip >= part.bytes) {
        skip -= part.bytes;
        continue;
      }
      uint64_t bytes = std::min(part.bytes - skip, end - from);
      skip = 0;
      fillPart(part, from / 8, (from + bytes) / 8, to);
      from += bytes;
      to += bytes;
    }
}

void RandomWeights::fill(uint64_t offset, uint64_t bytes, void *to) const {
  auto *at = static_cast<char *>(to);
  uint64_t from = offset, end = offset + bytes;
  const abi::RandomWeight *last = program.random + program.randomCount;
  const abi::RandomWeight *weight = std::partition_point(
      program.random, last, [&](const abi::RandomWeight &weight) {
        return weight.offset + weight.bytes <= from;
      });
  for (; weight < last && weight->offset < end; ++weight) {
    uint64_t stop = std::min(end, weight->offset + weight->bytes);
    fillWeight(*weight, from, stop, at);
    at += stop - from;
    from = stop;
  }
}
