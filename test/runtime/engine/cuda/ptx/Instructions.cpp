//===- Instructions.cpp - What each instruction of PTX computes -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Numbers.h"
#include <algorithm>
#include <cstring>

using namespace quipu;
using namespace quipu::ptx;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

using U = uint64_t;

static U s32(U a) { return U(int64_t(int32_t(a))); }

/// A result of each lane's operands.
template <auto F>
static void each(Warp &warp, const Instruction &in, Lanes lanes) {
  U *to = warp[in.reg(0)];
  if constexpr (std::is_invocable_v<decltype(F), U>) {
    const U *a = warp[in.reg(1)];
    forLanes(lanes, [&](unsigned i) { to[i] = F(a[i]); });
  } else if constexpr (std::is_invocable_v<decltype(F), U, U>) {
    const U *a = warp[in.reg(1)], *b = warp[in.reg(2)];
    forLanes(lanes, [&](unsigned i) { to[i] = F(a[i], b[i]); });
  } else if constexpr (std::is_invocable_v<decltype(F), U, U, U>) {
    const U *a = warp[in.reg(1)], *b = warp[in.reg(2)], *c = warp[in.reg(3)];
    forLanes(lanes, [&](unsigned i) { to[i] = F(a[i], b[i], c[i]); });
  } else {
    const U *a = warp[in.reg(1)], *b = warp[in.reg(2)], *c = warp[in.reg(3)],
            *d = warp[in.reg(4)];
    forLanes(lanes, [&](unsigned i) { to[i] = F(a[i], b[i], c[i], d[i]); });
  }
}

template <typename Read, typename Write, typename Compute>
static U onPairs(Read read, Write write, Compute compute, U a, U b, U c) {
  auto half = [&](unsigned shift) {
    auto number = [&](U pair) { return double(read(uint16_t(pair >> shift))); };
    return U(write(compute(number(a), number(b), number(c)))) << shift;
  };
  return half(0) | half(16);
}

static double multiplyAdd(double a, double b, double c) { return a * b + c; }

static U permuteBytes(U a, U b, U selector) {
  U bytes = (a & 0xffffffff) | b << 32, result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    U byte = bytes >> (selector >> 4 * i & 7) * 8 & 0xff;
    if (selector >> 4 * i & 8) // its sign
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << 8 * i;
  }
  return result;
}

static U lookUp(U a, U b, U c, U table) {
  U result = 0;
  for (unsigned i = 0; i < 32; ++i) {
    unsigned at = (a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1);
    result |= (table >> at & 1) << i;
  }
  return result;
}

/// Shifts by more than all bits give zero.
static U shiftRight(U a, U b) { return b > 63 ? 0 : a >> b; }
static U shiftLeft(U a, U b) { return b > 63 ? 0 : a << b; }

static U pairOf(uint16_t first, uint16_t second) {
  return U(second) << 16 | first;
}

static float orNaN(float a, float b, float (*choose)(float, float)) {
  return std::isnan(a) || std::isnan(b) ? NAN : choose(a, b);
}

#define COMPARE(TYPE, T)                                                       \
  {"setp.eq." TYPE, each<[](U a, U b) -> U { return T(a) == T(b); }>},         \
      {"setp.ne." TYPE, each<[](U a, U b) -> U { return T(a) != T(b); }>},     \
      {"setp.lt." TYPE, each<[](U a, U b) -> U { return T(a) < T(b); }>},      \
      {"setp.le." TYPE, each<[](U a, U b) -> U { return T(a) <= T(b); }>},     \
      {"setp.gt." TYPE, each<[](U a, U b) -> U { return T(a) > T(b); }>}, {    \
    "setp.ge." TYPE, each<[](U a, U b) -> U { return T(a) >= T(b); }>          \
  }
#define INTEGERS(TYPE, T)                                                      \
  {"add." TYPE, each<[](U a, U b) -> U { return T(a + b); }>},                 \
      {"sub." TYPE, each<[](U a, U b) -> U { return T(a - b); }>},             \
      {"mul.lo." TYPE, each<[](U a, U b) -> U { return T(a * b); }>},          \
      {"mad.lo." TYPE, each<[](U a, U b, U c) -> U { return T(a * b + c); }>}, \
  {                                                                            \
    "neg." TYPE, each<[](U a) -> U { return T(-a); }>                          \
  }
#define BITS(TYPE, T)                                                          \
  {"and." TYPE, each<[](U a, U b) -> U { return T(a & b); }>},                 \
      {"or." TYPE, each<[](U a, U b) -> U { return T(a | b); }>},              \
      {"xor." TYPE, each<[](U a, U b) -> U { return T(a ^ b); }>},             \
      {"not." TYPE, each<[](U a) -> U { return T(~a); }>},                     \
      {"shl." TYPE, each<[](U a, U b) -> U { return T(shiftLeft(a, b)); }>}, { \
    "selp." TYPE, each<[](U a, U b, U p) -> U { return T(p & 1 ? a : b); }>    \
  }
#define UNSIGNED(TYPE, T)                                                      \
  {"shr." TYPE, each<[](U a, U b) -> U { return shiftRight(T(a), b); }>},      \
      {"min." TYPE, each<[](U a, U b) -> U { return std::min(T(a), T(b)); }>}, \
      {"max." TYPE, each<[](U a, U b) -> U { return std::max(T(a), T(b)); }>}, \
      {"div." TYPE, each<[](U a, U b) -> U { return T(a) / T(b); }>}, {        \
    "rem." TYPE, each<[](U a, U b) -> U { return T(a) % T(b); }>               \
  }
#define FLOATS(TYPE, F)                                                        \
  {"add.rn." TYPE, each<[](U a, U b) { return bits(F(a) + F(b)); }>},          \
      {"sub.rn." TYPE, each<[](U a, U b) { return bits(F(a) - F(b)); }>},      \
      {"mul.rn." TYPE, each<[](U a, U b) { return bits(F(a) * F(b)); }>},      \
      {"div.rn." TYPE, each<[](U a, U b) { return bits(F(a) / F(b)); }>},      \
      {"rcp.rn." TYPE, each<[](U a) { return bits(1 / F(a)); }>},              \
      {"sqrt.rn." TYPE, each<[](U a) { return bits(std::sqrt(F(a))); }>},      \
      {"neg." TYPE, each<[](U a) { return bits(-F(a)); }>},                    \
      {"abs." TYPE, each<[](U a) { return bits(std::fabs(F(a))); }>},          \
      {"max." TYPE,                                                            \
       each<[](U a, U b) { return bits(std::fmax(F(a), F(b))); }>},            \
      {"min." TYPE,                                                            \
       each<[](U a, U b) { return bits(std::fmin(F(a), F(b))); }>},            \
      {"fma.rn." TYPE,                                                         \
       each<[](U a, U b, U c) { return bits(std::fma(F(a), F(b), F(c))); }>},  \
  {                                                                            \
    "selp." TYPE, each<[](U a, U b, U p) -> U { return p & 1 ? a : b; }>       \
  }

/// Compared, or not ordered.
#define UNORDERED(TYPE, F)                                                     \
  {"setp.nan." TYPE,                                                           \
   each<[](U a, U b) -> U { return std::isnan(F(a)) || std::isnan(F(b)); }>},  \
      {"setp.num." TYPE, each<[](U a, U b) -> U {                              \
         return !std::isnan(F(a)) && !std::isnan(F(b));                        \
       }>},                                                                    \
      {"setp.neu." TYPE, each<[](U a, U b) -> U { return F(a) != F(b); }>},    \
      {"setp.ltu." TYPE, each<[](U a, U b) -> U { return !(F(a) >= F(b)); }>}, \
      {"setp.leu." TYPE, each<[](U a, U b) -> U { return !(F(a) > F(b)); }>},  \
      {"setp.gtu." TYPE, each<[](U a, U b) -> U { return !(F(a) <= F(b)); }>}, \
  {                                                                            \
    "setp.geu." TYPE, each<[](U a, U b) -> U { return !(F(a) < F(b)); }>       \
  }

static const std::map<std::string_view, Execute> &getNumbers() {
  static const std::map<std::string_view, Execute> numbers = {
      INTEGERS("s16", uint16_t),
      INTEGERS("s32", uint32_t),
      INTEGERS("s64", uint64_t),
      INTEGERS("u32", uint32_t),
      BITS("b16", uint16_t),
      BITS("b32", uint32_t),
      BITS("b64", uint64_t),
      UNSIGNED("u16", uint16_t),
      UNSIGNED("u32", uint32_t),
      UNSIGNED("u64", uint64_t),
      COMPARE("s32", int32_t),
      COMPARE("u32", uint32_t),
      COMPARE("b32", uint32_t),
      COMPARE("s64", int64_t),
      COMPARE("u64", uint64_t),
      COMPARE("b64", uint64_t),
      COMPARE("s16", int16_t),
      COMPARE("u16", uint16_t),
      COMPARE("b16", uint16_t),
      COMPARE("f32", f32),
      COMPARE("f64", f64),
      FLOATS("f32", f32),
      FLOATS("f64", f64),
      UNORDERED("f32", f32),
      UNORDERED("f64", f64),
      {"and.pred", each<[](U a, U b) { return a & b & 1; }>},
      {"or.pred", each<[](U a, U b) { return (a | b) & 1; }>},
      {"xor.pred", each<[](U a, U b) { return (a ^ b) & 1; }>},
      {"not.pred", each<[](U a) { return ~a & 1; }>},
      {"mov.pred", each<[](U a) { return a & 1; }>},
      {"shr.s32", each<[](U a, U b) -> U {
         return uint32_t(int32_t(a) >> std::min(b, U(31)));
       }>},
      {"shr.s64",
       each<[](U a, U b) { return U(int64_t(a) >> std::min(b, U(63))); }>},
      {"min.NaN.f32",
       each<[](U a, U b) { return bits(orNaN(f32(a), f32(b), std::fmin)); }>},
      {"max.NaN.f32",
       each<[](U a, U b) { return bits(orNaN(f32(a), f32(b), std::fmax)); }>},
      {"min.s32", each<[](U a, U b) -> U {
         return uint32_t(std::min(int32_t(a), int32_t(b)));
       }>},
      {"max.s32", each<[](U a, U b) -> U {
         return uint32_t(std::max(int32_t(a), int32_t(b)));
       }>},
      {"min.s64",
       each<[](U a, U b) { return U(std::min(int64_t(a), int64_t(b))); }>},
      {"max.s64",
       each<[](U a, U b) { return U(std::max(int64_t(a), int64_t(b))); }>},
      {"mul.wide.u16",
       each<[](U a, U b) -> U { return U(uint16_t(a)) * uint16_t(b); }>},
      {"mul.wide.u32",
       each<[](U a, U b) { return U(uint32_t(a)) * uint32_t(b); }>},
      {"mul.wide.s32", each<[](U a, U b) { return s32(a) * s32(b); }>},
      {"mul.hi.u16", each<[](U a, U b) -> U {
         return uint32_t(uint16_t(a)) * uint16_t(b) >> 16;
       }>},
      {"mul.hi.u64", each<[](U a, U b) -> U {
         return U(static_cast<unsigned __int128>(a) * b >> 64);
       }>},
      {"mul.hi.u32",
       each<[](U a, U b) { return U(uint32_t(a)) * uint32_t(b) >> 32; }>},
      {"mad.wide.u32",
       each<[](U a, U b, U c) { return U(uint32_t(a)) * uint32_t(b) + c; }>},
      {"mad.wide.s32", each<[](U a, U b, U c) { return s32(a) * s32(b) + c; }>},
      {"bfe.u32", each<[](U a, U b, U c) -> U {
         return shiftRight(uint32_t(a), b & 255) &
                ((U(1) << std::min<U>(c & 255, 32)) - 1);
       }>},
      {"bfe.u64", each<[](U a, U b, U c) -> U {
         U length = std::min<U>(c & 255, 64);
         return length == 0 ? 0
                            : shiftRight(a, b & 255) & (~U(0) >> (64 - length));
       }>},
      {"bfe.s32", each<[](U a, U b, U c) -> U {
         U length = std::min<U>(c & 255, 32);
         if (length == 0)
           return 0;
         U field = U(int64_t(s32(a)) >> std::min<U>(b & 255, 63));
         return U(int64_t(field << (64 - length)) >> (64 - length));
       }>},
      {"popc.b32", each<[](U a) -> U { return std::popcount(uint32_t(a)); }>},
      {"clz.b32", each<[](U a) -> U { return std::countl_zero(uint32_t(a)); }>},
      {"brev.b32",
       each<[](U a) -> U { return __builtin_bitreverse32(uint32_t(a)); }>},
      {"shf.l.wrap.b32", each<[](U a, U b, U c) -> U {
         return uint32_t(((b << 32 | uint32_t(a)) << (c & 31)) >> 32);
       }>},
      {"shf.r.wrap.b32", each<[](U a, U b, U c) -> U {
         return uint32_t((b << 32 | uint32_t(a)) >> (c & 31));
       }>},
      {"lop3.b32", each<lookUp>},
      {"prmt.b32", each<permuteBytes>},
      // Approximations are exact here.
      {"ex2.approx.ftz.f32",
       each<[](U a) { return bits(flush(std::exp2(flush(f32(a))))); }>},
      {"rcp.approx.ftz.f32",
       each<[](U a) { return bits(flush(1 / flush(f32(a)))); }>},
      {"rsqrt.approx.ftz.f32",
       each<[](U a) { return bits(1 / std::sqrt(flush(f32(a)))); }>},
      {"lg2.approx.ftz.f32",
       each<[](U a) { return bits(std::log2(flush(f32(a)))); }>},
      // Pairs.
      {"fma.rn.f16x2", each<[](U a, U b, U c) {
         return onPairs(fromHalf, toHalfOnce, multiplyAdd, a, b, c);
       }>},
      {"fma.rn.bf16x2", each<[](U a, U b, U c) {
         return onPairs(fromBFloat, toBFloatOnce, multiplyAdd, a, b, c);
       }>},
      {"cvt.rn.f16x2.f32",
       each<[](U a, U b) { return pairOf(toHalf(f32(b)), toHalf(f32(a))); }>},
      {"cvt.rn.bf16x2.f32", each<[](U a, U b) {
         return pairOf(toBFloat(f32(b)), toBFloat(f32(a)));
       }>},
      // Conversions.
      {"cvt.f32.f16", each<[](U a) { return bits(fromHalf(uint16_t(a))); }>},
      {"cvt.rn.f16.f32", each<[](U a) -> U { return toHalf(f32(a)); }>},
      {"cvt.f32.bf16", each<[](U a) { return bits(fromBFloat(uint16_t(a))); }>},
      {"cvt.f64.f32", each<[](U a) { return bits(double(f32(a))); }>},
      {"cvt.rn.f32.f64", each<[](U a) { return bits(float(f64(a))); }>},
      {"cvt.rn.f32.s32", each<[](U a) { return bits(float(int32_t(a))); }>},
      {"cvt.rn.f32.u32", each<[](U a) { return bits(float(uint32_t(a))); }>},
      {"cvt.rn.f32.u16", each<[](U a) { return bits(float(uint16_t(a))); }>},
      {"cvt.rn.f32.s64", each<[](U a) { return bits(float(int64_t(a))); }>},
      {"cvt.rn.f32.u64", each<[](U a) { return bits(float(a)); }>},
      {"cvt.rn.f64.u32", each<[](U a) { return bits(double(uint32_t(a))); }>},
      {"cvt.rzi.s64.f64", each<[](U a) -> U {
         double number = f64(a);
         // The nearest one where there is none.
         return number <= -0x1p63 ? U(1) << 63 : U(int64_t(number));
       }>},
      {"cvt.rzi.s32.f32",
       each<[](U a) -> U { return uint32_t(int32_t(f32(a))); }>},
      {"cvt.u64.u32", each<[](U a) -> U { return uint32_t(a); }>},
      {"cvt.u64.u16", each<[](U a) -> U { return uint16_t(a); }>},
      {"cvt.s64.s32", each<[](U a) { return s32(a); }>},
      {"cvt.u32.u64", each<[](U a) -> U { return uint32_t(a); }>},
      {"cvt.u32.u16", each<[](U a) -> U { return uint16_t(a); }>},
      {"cvt.s32.s16", each<[](U a) -> U { return uint32_t(int16_t(a)); }>},
      {"cvt.u16.u32", each<[](U a) -> U { return uint16_t(a); }>},
      {"cvt.u16.u64", each<[](U a) -> U { return uint16_t(a); }>},
      {"cvta.to.global.u64", each<[](U a) { return a; }>},
      {"cvta.global.u64", each<[](U a) { return a; }>}};
  return numbers;
}

//===----------------------------------------------------------------------===//
// Moves and memory
//===----------------------------------------------------------------------===//

/// Also puts registers together, and takes one apart.
static void move(Warp &warp, const Instruction &in, Lanes lanes) {
  const auto &to = in.operands[0].registers, &from = in.operands[1].registers;
  unsigned parts = unsigned(std::max(to.size(), from.size()));
  unsigned width = in.bytes * 8 / parts;
  U mask = width == 64 ? ~U(0) : (U(1) << width) - 1;
  forLanes(lanes, [&](unsigned lane) {
    U all = 0;
    if (from.size() == 1)
      all = warp[from[0]][lane];
    else
      for (unsigned i = 0; i < parts; ++i)
        all |= (warp[from[i]][lane] & mask) << i * width;
    if (to.size() == 1) {
      warp[to[0]][lane] =
          in.bytes == 8 ? all : all & ((U(1) << in.bytes * 8) - 1);
      return;
    }
    for (unsigned i = 0; i < parts; ++i)
      warp[to[i]][lane] = all >> i * width & mask;
  });
}

template <auto Get>
static void load(Warp &warp, const Instruction &in, Lanes lanes) {
  const auto &to = in.operands[0].registers;
  auto bytes = unsigned(in.bytes * to.size());
  forLanes(lanes, [&](unsigned lane) {
    const uint8_t *from =
        (warp.getBlock().*Get)(warp.getAddress(in.operands[1], lane), bytes);
    for (size_t i = 0; i < to.size(); ++i) {
      U number = 0;
      memcpy(&number, from + i * in.bytes, in.bytes);
      if (in.isSigned && in.bytes < 8 && number >> (8 * in.bytes - 1))
        number |= in.bytes < 4 ? 0xffffffff << 8 * in.bytes : 0;
      warp[to[i]][lane] = number;
    }
  });
}

template <auto Get>
static void store(Warp &warp, const Instruction &in, Lanes lanes) {
  const auto &from = in.operands[1].registers;
  auto bytes = unsigned(in.bytes * from.size());
  forLanes(lanes, [&](unsigned lane) {
    uint8_t *to =
        (warp.getBlock().*Get)(warp.getAddress(in.operands[0], lane), bytes);
    for (size_t i = 0; i < from.size(); ++i)
      memcpy(to + i * in.bytes, &warp[from[i]][lane], in.bytes);
  });
}

template <auto Get, auto Combine>
static void atomic(Warp &warp, const Instruction &in, Lanes lanes) {
  forLanes(lanes, [&](unsigned lane) {
    uint8_t *at =
        (warp.getBlock().*Get)(warp.getAddress(in.operands[1], lane), in.bytes);
    U number = 0;
    memcpy(&number, at, in.bytes);
    U result = Combine(number, warp[in.reg(2)][lane]);
    memcpy(at, &result, in.bytes);
    warp[in.reg(0)][lane] = number;
  });
}

static void nothing(Warp &, const Instruction &, Lanes) {}

//===----------------------------------------------------------------------===//
// Copies and barriers
//===----------------------------------------------------------------------===//

static void copyAsync(Warp &warp, const Instruction &in, Lanes lanes) {
  Block *block = &warp.getBlock();
  forLanes(lanes, [&](unsigned lane) {
    auto bytes = unsigned(warp[in.reg(2)][lane]);
    U valid = in.operands.size() > 3 ? uint32_t(warp[in.reg(3)][lane]) : bytes;
    if (valid > bytes)
      throw Error("copies more bytes than there is room for");
    uint8_t *to =
        block->getShared(warp.getAddress(in.operands[0], lane), bytes);
    U from = warp.getAddress(in.operands[1], lane);
    const uint8_t *source = valid ? block->getGlobal(from, bytes) : nullptr;
    warp.addCopy(lane, [=] {
      memset(to, 0, bytes);
      if (valid)
        memcpy(to, source, valid);
    });
  });
}

static void commitCopies(Warp &warp, const Instruction &, Lanes lanes) {
  warp.commitCopies(lanes);
}

static void waitCopies(Warp &warp, const Instruction &in, Lanes lanes) {
  bool all = in.operands.empty();
  warp.finishCopies(lanes, all ? 0 : warp[in.reg(0)][0], all);
}

static void arriveAfterCopies(Warp &warp, const Instruction &in, Lanes lanes) {
  warp.finishCopies(lanes, 0, /*all=*/true);
  Block &block = warp.getBlock();
  forLanes(lanes, [&](unsigned lane) {
    block.arrive(block.getBarrier(warp.getAddress(in.operands[0], lane)), 0);
  });
}

static void copyBulk(Warp &warp, const Instruction &in, Lanes lanes) {
  Block *block = &warp.getBlock();
  forLanes(lanes, [&](unsigned lane) {
    auto bytes = unsigned(warp[in.reg(2)][lane]);
    U to = warp.getAddress(in.operands[0], lane),
      from = warp.getAddress(in.operands[1], lane);
    if (bytes % 16 || to % 16 || from % 16)
      throw Error("no multiple of 16 bytes");
    uint8_t *shared = block->getShared(to, bytes);
    const uint8_t *global = block->getGlobal(from, bytes);
    Block::Barrier *barrier =
        &block->getBarrier(warp.getAddress(in.operands[3], lane));
    barrier->copies.push_back([=] {
      memcpy(shared, global, bytes);
      barrier->bytes -= bytes;
    });
  });
}

static void initBarrier(Warp &warp, const Instruction &in, Lanes lanes) {
  forLanes(lanes, [&](unsigned lane) {
    warp.getBlock().initBarrier(warp.getAddress(in.operands[0], lane),
                                int64_t(warp[in.reg(1)][lane]));
  });
}

static void arrive(Warp &warp, const Instruction &in, Lanes lanes) {
  Block &block = warp.getBlock();
  forLanes(lanes, [&](unsigned lane) {
    bool expects = in.operands.size() > 2;
    block.arrive(block.getBarrier(warp.getAddress(in.operands[1], lane)),
                 expects ? int64_t(uint32_t(warp[in.reg(2)][lane])) : 0);
  });
}

static void tryWait(Warp &warp, const Instruction &in, Lanes lanes) {
  Block &block = warp.getBlock();
  bool isOver = true;
  forLanes(lanes, [&](unsigned lane) {
    bool holds =
        block.isOver(block.getBarrier(warp.getAddress(in.operands[1], lane)),
                     unsigned(warp[in.reg(2)][lane]));
    warp[in.reg(0)][lane] = holds;
    isOver &= holds;
  });
  if (!isOver)
    warp.spin();
}

Execute quipu::ptx::findInstruction(std::string_view name) {
  if (auto found = getNumbers().find(name); found != getNumbers().end())
    return found->second;
  auto starts = [&](std::string_view text) { return name.starts_with(text); };
  if (starts("ld.param.") || starts("mov.b") || starts("mov.u") ||
      starts("mov.f"))
    return move;
  if (starts("ld.global."))
    return load<&Block::getGlobal>;
  if (starts("ld.shared."))
    return load<&Block::getShared>;
  if (starts("st.global."))
    return store<&Block::getGlobal>;
  if (starts("st.shared."))
    return store<&Block::getShared>;
  if (starts("atom.") && name.ends_with(".global.add.u32"))
    return atomic<&Block::getGlobal, [](U a, U b) { return a + b; }>;
  if (name == "atom.shared.add.u32")
    return atomic<&Block::getShared, [](U a, U b) { return a + b; }>;
  if (starts("atom.") && name.ends_with(".global.max.u64"))
    return atomic<&Block::getGlobal, [](U a, U b) { return std::max(a, b); }>;
  if (starts("atom.") && name.ends_with(".global.exch.b32"))
    return atomic<&Block::getGlobal, [](U, U b) { return b; }>;
  if (starts("fence.") || starts("membar.") || starts("griddepcontrol."))
    return nothing;
  if (starts("cp.async.commit_group"))
    return commitCopies;
  if (starts("cp.async.wait_"))
    return waitCopies;
  if (starts("cp.async.mbarrier.arrive.noinc."))
    return arriveAfterCopies;
  if (starts("cp.async.bulk.shared::"))
    return copyBulk;
  if (starts("cp.async.c"))
    return copyAsync;
  if (starts("mbarrier.init."))
    return initBarrier;
  if (starts("mbarrier.arrive."))
    return arrive;
  if (starts("mbarrier.try_wait.parity."))
    return tryWait;
  return nullptr;
}
