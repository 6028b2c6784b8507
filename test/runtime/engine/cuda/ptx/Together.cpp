//===- Together.cpp - Instructions of PTX for whole warps -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shuffles, barriers and products of tensor cores, whose operands lie in lanes
// as the ISA draws them ("Matrix fragments for mma.m16n8k16", "Register
// fragments for wgmma.mma_async.m64nNk16").
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Numbers.h"
#include <cstring>

using namespace quipu;
using namespace quipu::ptx;

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

template <auto From>
static void shuffle(Warp &warp, const Instruction &in, Lanes lanes) {
  uint64_t values[warpLanes];
  memcpy(values, warp[in.reg(1)], sizeof(values));
  forLanes(lanes, [&](unsigned lane) {
    auto from = From(int(lane), int(warp[in.reg(2)][lane]));
    if (from >= 0 && from < int(warpLanes) && !(lanes >> from & 1))
      throw Error("the number of a lane that has ended");
    bool exists = from >= 0 && from < int(warpLanes);
    warp[in.reg(0)][lane] = values[exists ? unsigned(from) : lane];
  });
}

static Lanes ballot(Warp &warp, const Instruction &in, Lanes lanes) {
  Lanes holds = 0;
  forLanes(lanes, [&](unsigned lane) {
    holds |= Lanes(warp[in.reg(1)][lane] & 1) << lane;
  });
  return holds;
}

template <auto Result>
static void vote(Warp &warp, const Instruction &in, Lanes lanes) {
  uint64_t result = Result(ballot(warp, in, lanes), lanes);
  forLanes(lanes, [&](unsigned lane) { warp[in.reg(0)][lane] = result; });
}

/// The first lane's number, and whether a lane is it.
static void elect(Warp &warp, const Instruction &in, Lanes lanes) {
  const auto &to = in.operands[0].registers;
  auto first = unsigned(__builtin_ctz(lanes));
  forLanes(lanes, [&](unsigned lane) {
    warp[to[0]][lane] = first;
    warp[to[1]][lane] = lane == first;
  });
}

static void nothing(Warp &, const Instruction &, Lanes) {}

static void syncThreads(Warp &warp, const Instruction &in, Lanes) {
  Block &block = warp.getBlock();
  uint64_t threads = in.operands.size() > 1
                         ? warp[in.reg(1)][0]
                         : (block.getThreads() + 31) / 32 * 32;
  block.syncNamed(warp, warp[in.reg(0)][0], unsigned(threads));
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

using Read = float (*)(uint16_t);

static Read getType(std::string_view name) {
  return name.ends_with(".bf16.bf16") || name.ends_with(".bf16.bf16.f32")
             ? fromBFloat
             : fromHalf;
}

/// A of 16 rows: pairs (g, 2q), (g + 8, 2q), (g, 2q + 8), (g + 8, 2q + 8) of
/// lane 4g + q.
static void readA(Warp &warp, const std::vector<uint32_t> &pairs, Read read,
                  float (&a)[16][16]) {
  for (unsigned lane = 0; lane < warpLanes; ++lane)
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned e = 0; e < 2; ++e)
        a[lane / 4 + i % 2 * 8][lane % 4 * 2 + i / 2 * 8 + e] =
            read(uint16_t(warp[pairs[i]][lane] >> 16 * e));
}

/// Products are exact, and added up before the sum is rounded.
static float addProducts(float sum, const float (&a)[16], const float *b) {
  double total = sum;
  for (unsigned k = 0; k < 16; ++k)
    total += double(a[k]) * double(b[k]);
  return float(total);
}

static void multiply(Warp &warp, const Instruction &in, Lanes) {
  Read read = getType(in.name.substr(0, in.name.size() - 4));
  float a[16][16], b[8][16];
  readA(warp, in.operands[1].registers, read, a);
  for (unsigned lane = 0; lane < warpLanes; ++lane)
    for (unsigned i = 0; i < 2; ++i)
      for (unsigned e = 0; e < 2; ++e)
        b[lane / 4][lane % 4 * 2 + i * 8 + e] =
            read(uint16_t(warp[in.operands[2].registers[i]][lane] >> 16 * e));
  for (unsigned lane = 0; lane < warpLanes; ++lane)
    for (unsigned i = 0; i < 4; ++i)
      warp[in.operands[0].registers[i]][lane] =
          bits(addProducts(f32(warp[in.operands[3].registers[i]][lane]),
                           a[lane / 4 + i / 2 * 8], b[lane % 4 * 2 + i % 2]));
}

/// An 8x8 matrix, whose row r is in the lanes from 4 r on.
static void transpose(Warp &warp, const Instruction &in, Lanes) {
  uint16_t matrix[8][8];
  for (unsigned lane = 0; lane < warpLanes; ++lane)
    for (unsigned e = 0; e < 2; ++e)
      matrix[lane / 4][lane % 4 * 2 + e] =
          uint16_t(warp[in.reg(1)][lane] >> 16 * e);
  for (unsigned lane = 0; lane < warpLanes; ++lane)
    warp[in.reg(0)][lane] = matrix[lane % 4 * 2][lane / 4] |
                            uint32_t(matrix[lane % 4 * 2 + 1][lane / 4]) << 16;
}

template <bool Transposed>
static void loadMatrices(Warp &warp, const Instruction &in, Lanes) {
  const auto &to = in.operands[0].registers;
  uint64_t results[4][warpLanes];
  for (unsigned i = 0; i < to.size(); ++i) {
    uint16_t matrix[8][8];
    for (unsigned row = 0; row < 8; ++row)
      memcpy(matrix[row],
             warp.getBlock().getShared(
                 warp.getAddress(in.operands[1], 8 * i + row), 16),
             16);
    for (unsigned lane = 0; lane < warpLanes; ++lane) {
      unsigned row = lane / 4, column = lane % 4 * 2;
      uint64_t first = Transposed ? matrix[column][row] : matrix[row][column];
      uint64_t second =
          Transposed ? matrix[column + 1][row] : matrix[row][column + 1];
      results[i][lane] = first | second << 16;
    }
  }
  for (unsigned i = 0; i < to.size(); ++i)
    memcpy(warp[to[i]], results[i], sizeof(results[i]));
}

namespace {
/// An operand in shared memory with the 128-byte swizzle, see "Matrix
/// descriptor format".
class SharedMatrix {
public:
  SharedMatrix(Block &block, uint64_t descriptor, Read read)
      : block(block), read(read), start((descriptor & 0x3fff) * 16),
        leading((descriptor >> 16 & 0x3fff) * 16),
        stride((descriptor >> 32 & 0x3fff) * 16) {
    if (descriptor >> 62 != 1)
      throw Error("a descriptor without the 128-byte swizzle");
  }

  /// Rows of 64 numbers of k.
  float readKMajor(unsigned row, unsigned k) const {
    return at(row / 8 * stride + row % 8 * 128 + k * 2);
  }
  /// Rows are k, of 64 columns; behind them the next columns.
  float readMajor(unsigned k, unsigned column) const {
    return at(column / 64 * leading + k / 8 * stride + k % 8 * 128 +
              column % 64 * 2);
  }

private:
  float at(uint64_t offset) const {
    uint64_t address = start + offset;
    address ^= (address >> 7 & 7) << 4;
    uint16_t number;
    memcpy(&number, block.getShared(address, 2), 2);
    return read(number);
  }

  Block &block;
  Read read;
  uint64_t start, leading, stride;
};
} // namespace

/// The 16 rows that this warp has of a warpgroup's 64.
static void multiplyWarpgroup(Warp &warp, const Instruction &in, Lanes) {
  Block &block = warp.getBlock();
  Read read = getType(in.name);
  const auto &d = in.operands[0].registers;
  const auto &pairs = in.operands[1].registers;
  auto columns = unsigned(d.size() * 2);
  // A, B, accumulates, scales of both, then what is transposed.
  auto constant = [&](unsigned operand) { return warp[in.reg(operand)][0]; };
  if (constant(4) != 1 || constant(5) != 1)
    throw Error("operands that are negated");
  bool inRegisters = pairs.size() == 4;
  bool transposed = constant(inRegisters ? 6 : 7);
  float a[16][16];
  if (inRegisters) {
    readA(warp, pairs, read, a);
  } else {
    SharedMatrix matrix(block, warp[pairs[0]][0], read);
    for (unsigned row = 0; row < 16; ++row)
      for (unsigned k = 0; k < 16; ++k)
        a[row][k] = matrix.readKMajor(warp.getNumber() % 4 * 16 + row, k);
  }
  SharedMatrix matrix(block, warp[in.reg(2)][0], read);
  std::vector<float> b(size_t(columns) * 16);
  for (unsigned column = 0; column < columns; ++column)
    for (unsigned k = 0; k < 16; ++k)
      b[column * 16 + k] = transposed ? matrix.readMajor(k, column)
                                      : matrix.readKMajor(column, k);
  for (unsigned lane = 0; lane < warpLanes; ++lane) {
    bool accumulates = warp[in.reg(3)][lane] & 1;
    for (unsigned i = 0; i < d.size(); ++i) {
      unsigned row = lane / 4 + i / 2 % 2 * 8;
      unsigned column = i / 4 * 8 + lane % 4 * 2 + i % 2;
      uint64_t &sum = warp[d[i]][lane];
      sum = bits(
          addProducts(accumulates ? f32(sum) : 0, a[row], &b[column * 16]));
    }
  }
}

Execute quipu::ptx::findTogether(std::string_view name) {
  auto starts = [&](std::string_view text) { return name.starts_with(text); };
  if (starts("shfl.sync.bfly"))
    return shuffle<[](int lane, int other) { return lane ^ other; }>;
  if (starts("shfl.sync.idx"))
    return shuffle<[](int, int other) { return other & 31; }>;
  if (starts("shfl.sync.down"))
    return shuffle<[](int lane, int other) { return lane + other; }>;
  if (starts("shfl.sync.up"))
    return shuffle<[](int lane, int other) { return lane - other; }>;
  if (starts("vote.sync.any"))
    return vote<[](Lanes holds, Lanes) { return holds != 0; }>;
  if (starts("vote.sync.all"))
    return vote<[](Lanes holds, Lanes lanes) { return holds == lanes; }>;
  if (starts("vote.sync.ballot"))
    return vote<[](Lanes holds, Lanes) { return holds; }>;
  if (name == "elect.sync")
    return elect;
  if (starts("bar.warp.sync") || starts("setmaxnreg.") ||
      starts("wgmma.fence.") || starts("wgmma.commit_group.") ||
      starts("wgmma.wait_group."))
    return nothing;
  if (name == "bar.sync" || name == "barrier.sync")
    return syncThreads;
  if (name == "movmatrix.sync.aligned.m8n8.trans.b16")
    return transpose;
  if (name == "ldmatrix.sync.aligned.m8n8.x4.shared.b16")
    return loadMatrices<false>;
  if (name == "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16")
    return loadMatrices<true>;
  if (starts("mma.sync.aligned.m16n8k16.row.col.f32.") &&
      name.ends_with(".f32"))
    return multiply;
  if (starts("wgmma.mma_async.sync.aligned.m64n"))
    return multiplyWarpgroup;
  return nullptr;
}
