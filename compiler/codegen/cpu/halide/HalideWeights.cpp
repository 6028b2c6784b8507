//===- HalideWeights.cpp - Packed weights as Halide functions -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/HalideOps.h"

using namespace quipu;
using namespace quipu::cpu;
using namespace Halide;
using namespace Halide::ConciseCasts;

static Var i("i"), r("r"), t("t"), m("m"), g("g"), h("h"), c("c"), p("p");

static Type getScaleType(const WeightFormat &format) {
  return format.scaleType == ScaleType::F16 ? Float(16) : BFloat(16);
}

int KernelBuilder::codeShift(const WeightFormat &format) const {
  return format.values || vectors.hasSignedDots ? 0 : int(8 - format.codeBits);
}

/// The value of a code plus its offset: what the code's byte should hold. Of
/// the selections LowerLookUps makes a shuffle.
static Expr lookUp(const WeightFormat &format, Expr code) {
  auto byte = [&](int code) { return u8(format.value(uint8_t(code)) + 128); };
  Expr value = byte(15);
  for (int other = 14; other >= 0; --other)
    value = select(code == u8(other), byte(other), value);
  return value;
}

/// 32 columns' word of lane i / 4 with the four codes of group g, each moved up
/// by `shift` in its byte. Shifts of whole words let no bit into a neighbour
/// that the mask does not clear.
static Expr getWord(const WeightFormat &format, int shift, ImageParam &words) {
  Expr word;
  for (const CodePlanes::Plane &plane : CodePlanes(format.codeBits)) {
    int bits = plane.bits, to = shift + plane.low;
    uint32_t mask = (((1u << bits) - 1) << to) * 0x01010101u;
    Expr stored = words(i / 4, plane.low + g % bits, c, p, t);
    Expr codes = ((stored >> u32(g / bits * bits)) << to) &
                 Internal::make_const(UInt(32), mask);
    word = word.defined() ? word | codes : codes;
  }
  return word;
}

UnpackedWeight KernelBuilder::unpack(BufferOwner weight,
                                     const WeightLayout &layout) {
  const WeightFormat &format = *layout.format;
  int64_t block = layout.packedBlockBytes(), tile = layout.tileBytes();
  UnpackedWeight to{Func("bytes"), Func("codes"), Func("factor"),
                    Func("floor")};
  if (format.codeBits == 8) {
    ImageParam bytes =
        buffer(weight, UInt(8), {1, 64, layout.codeBytes(), block, tile},
               layout.codesOffset());
    to.bytes(i, g, c, p, t) = bytes(i, g, c, p, t);
  } else {
    ImageParam words = buffer(
        weight, UInt(32), {1, 16, layout.codeBytes() / 4, block / 4, tile / 4},
        layout.codesOffset());
    Expr code = extract_bits<uint8_t>(getWord(format, codeShift(format), words),
                                      8 * (i % 4));
    if (format.values) {
      to.codes(i, g, c, p, t) = code;
      code = lookUp(format, to.codes(i, g, c, p, t));
    }
    to.bytes(i, g, c, p, t) = code;
  }

  // One scale for each block of the checkpoint, one multiplier for each group.
  int blockColumns = format.blockElements / blockSize;
  int halves = blockSize / format.groupElements;
  auto scale = [&](Type type, int64_t offset, int64_t groupOffset) {
    ImageParam scales =
        buffer(weight, type, {1, 16, block / 2, tile / 2}, offset);
    Expr value = f32(scales(i, c / blockColumns, p, t));
    if (!format.hasGroupScales)
      return value;
    ImageParam groups =
        buffer(weight, Int(8), {1, 16, block, tile}, groupOffset);
    return value * f32(groups(i, c * halves + h, p, t));
  };
  to.factor(i, h, c, p, t) =
      scale(getScaleType(format), 0, layout.groupScalesOffset());
  if (format.hasMinima) {
    Expr minimum =
        scale(Float(16), layout.minimaOffset(), layout.groupMinimaOffset());
    // QuantizedValue::sums are 16 times too large, codes 2^shift times.
    int factor = 1 << codeShift(format);
    to.floor(i, h, c, p, t) =
        factor == 16 ? minimum : minimum * (float(factor) / 16.0f);
  }
  return to;
}

Func KernelBuilder::unpackFloats(BufferOwner weight,
                                 const WeightLayout &layout) {
  bool isPaired = layout.interleavedColumns() == 2;
  Type type = isPaired                      ? UInt(32)
              : layout.format == &formatF32 ? Float(32)
              : layout.format == &formatF16 ? Float(16)
                                            : BFloat(16);
  ImageParam stored =
      buffer(weight, type, {1, 16, layout.tileBytes() / type.bytes()});
  stored.set_host_alignment(16 * type.bytes());
  Func numbers("numbers");
  numbers(r, i, t) =
      isPaired ? readPair(stored(r, i / 2, t), i) : f32(stored(r, i, t));
  return numbers;
}

FloatValue KernelBuilder::embed(BufferOwner tokenIds, BufferOwner weight,
                                WeightLayout layout) {
  const WeightFormat &format = *layout.format;
  ImageParam ids = buffer(tokenIds, Int(32), {1});
  Expr id = unsafe_promise_clamped(ids(m), 0, int(layout.n - 1));
  Expr tile = id / 16, lane = id % 16;
  FloatValue x;
  x.width = layout.k;
  x.func = Func("embedding");
  if (!format.isQuantized()) {
    x.func(i, m) = unpackFloats(weight, layout)(lane, i, tile);
    return x;
  }
  UnpackedWeight w = unpack(weight, layout);
  int elements = layout.packedElements();
  Expr block = i / elements, columns = i % elements / int(blockSize);
  Expr column = i % int(blockSize), half = column / int(format.groupElements);
  Expr code =
      i32(w.bytes(lane * 4 + column % 4, column / 4, columns, block, tile)) >>
      codeShift(format);
  int offset = format.values ? 128 : format.codeOffset();
  Expr number = f32(code - offset) * w.factor(lane, half, columns, block, tile);
  if (format.hasMinima)
    number = number + w.floor(lane, half, columns, block, tile) *
                          (16.0f / float(1 << codeShift(format)));
  x.func(i, m) = number;
  return x;
}
