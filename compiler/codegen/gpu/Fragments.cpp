//===- Fragments.cpp - Weights as operands of tensor cores ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Fragments.h"

using namespace mlir;
using namespace quipu;
using namespace quipu::gpu;

/// The table of lop3 for (a & b) | c.
static constexpr unsigned andOr = 0xea;

/// 1024 + code, for codes of up to 10 bits, has the bits of 1024 with the code
/// for its fraction.
static constexpr uint32_t bits1024 = 0x64006400;

/// Pairs of code - offset. The high nibble of a byte is 16 times as much.
static Values loadNibbles(DeviceBuilder &b, Value at, int offset) {
  Value word = b.load(b.getI32Type(), at);
  Value ones = b.pairOf(Half::F16, 1024 + offset);
  Value scale = b.pairOf(Half::F16, 1.0 / 16);
  Value sixteens = b.pairOf(Half::F16, -(1024.0 / 16 + offset));
  Values pairs;
  for (unsigned byte = 0; byte < 2; ++byte) {
    Value bits = b.shiftRight(word, 8 * byte);
    Value low = b.lop3(bits, 0x000f000f, bits1024, andOr);
    Value high = b.lop3(bits, 0x00f000f0, bits1024, andOr);
    pairs.push_back(b.subPair(Half::F16, low, ones));
    pairs.push_back(b.fmaPair(Half::F16, high, scale, sixteens));
  }
  return pairs;
}

/// Pairs of byte - 128.
static Values loadBytes(DeviceBuilder &b, Value at) {
  Values words = b.loadVector(b.getI32Type(), 2, at), pairs;
  Value zero = b.pairOf(Half::F16, 1024 + 128);
  for (unsigned i = 0; i < 4; ++i) {
    // Bytes 4 to 7 are those of the 1024s.
    Value number =
        b.permuteBytes(words[i / 2], b.i32(bits1024), i % 2 ? 0x7372 : 0x7170);
    pairs.push_back(b.subPair(Half::F16, number, zero));
  }
  return pairs;
}

/// The f16 at an address, twice.
static Value loadTwice(DeviceBuilder &b, Value at) {
  Value number =
      arith::ExtUIOp::create(b, b.getI32Type(), b.load(b.getI16Type(), at));
  return b.permuteBytes(number, number, 0x1010);
}

Values quipu::gpu::readFragment(DeviceBuilder &b, const FragmentCodes &codes,
                                const FragmentAddress &address) {
  if (codes.bits == 16)
    return b.loadVector(b.getI32Type(), 4, address.codes);
  Values pairs = codes.bits == 4 ? loadNibbles(b, address.codes, codes.offset)
                                 : loadBytes(b, address.codes);
  unsigned groupPairs = codes.groupElements / 8;
  Value scale, minimum;
  for (unsigned i = 0; i < 4; ++i) {
    if (i % groupPairs == 0) {
      int64_t group = i / groupPairs * FragmentCodes::groupBytes();
      scale = loadTwice(b, b.at(address.scales, group));
      if (codes.hasMinima)
        minimum = loadTwice(b, b.at(address.minima, group));
    }
    pairs[i] = codes.hasMinima ? b.fmaPair(Half::F16, pairs[i], scale, minimum)
                               : b.mulPair(Half::F16, pairs[i], scale);
  }
  return pairs;
}
