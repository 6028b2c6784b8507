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

/// Tables of lop3: (a & b) | c and (a & b) ^ c.
static constexpr unsigned andOr = 0xea, andXor = 0x6a;

/// Pairs of code - offset. 128 + code, for codes below 128, has the bits of
/// 128 with the code for its fraction.
static Values loadNibbles(DeviceBuilder &b, Value at, int offset) {
  Value word = b.load(b.getI32Type(), at);
  Value zero = b.pairOf(Half::BF16, 128 + offset);
  Values pairs;
  for (unsigned i = 0; i < 4; ++i) {
    Value code =
        b.lop3(b.shiftRight(word, 4 * i), 0x000f000f, 0x43004300, andOr);
    pairs.push_back(b.subPair(Half::BF16, code, zero));
  }
  return pairs;
}

/// Pairs of byte - 128. With a byte's low bits for its fraction 128 is too
/// large by 128 when the high bit is set, otherwise by 256.
static Values loadBytes(DeviceBuilder &b, Value at) {
  Values words = b.loadVector(b.getI32Type(), 2, at), pairs;
  for (unsigned i = 0; i < 4; ++i) {
    Value bytes =
        b.permuteBytes(words[i / 2], b.i32(0), i % 2 ? 0x4342 : 0x4140);
    Value number = b.lop3(bytes, 0x007f007f, 0x43004300, andOr);
    Value excess = b.lop3(bytes, 0x00800080, 0x43804380, andXor);
    pairs.push_back(b.subPair(Half::BF16, number, excess));
  }
  return pairs;
}

/// The bf16 at an address, twice.
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
    pairs[i] = codes.hasMinima ? b.fmaPair(Half::BF16, pairs[i], scale, minimum)
                               : b.mulPair(Half::BF16, pairs[i], scale);
  }
  return pairs;
}
