//===- Block.h - Threads that run PTX together ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_BLOCK_H
#define QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_BLOCK_H

#include "Module.h"
#include <functional>

namespace quipu::ptx {

inline constexpr unsigned warpLanes = 32;

/// Runs `body` of each lane in a mask.
template <typename Body> void forLanes(Lanes lanes, Body body) {
  if (lanes == ~Lanes(0))
    for (unsigned lane = 0; lane < warpLanes; ++lane)
      body(lane);
  else
    for (; lanes; lanes &= lanes - 1)
      body(unsigned(__builtin_ctz(lanes)));
}

class Block;

class Warp {
public:
  Warp(Block &block, unsigned number, unsigned threads);

  enum class State { Ready, Waits, Ended };
  State getState() const { return state; }
  /// Until it ends, or waits for other warps.
  void run();
  void wake() { state = State::Ready; }
  Block &getBlock() { return block; }
  unsigned getNumber() const { return number; }
  Lanes getLive() const { return live; }

  /// The numbers of a register, one for each lane.
  uint64_t *operator[](uint32_t reg) { return &registers[reg * warpLanes]; }
  uint64_t getAddress(const Operand &operand, unsigned lane) {
    return (*this)[operand.registers[0]][lane] + operand.offset;
  }

  /// Stop behind this instruction until another warp wakes this one.
  void wait() { state = State::Waits; }
  /// Let other lanes and warps go on: what these lanes look for is not there.
  void spin() { spinning |= group; }

  // cp.async: copies of a lane, in groups, the last not committed.
  using Copy = std::function<void()>;
  void addCopy(unsigned lane, Copy copy);
  void commitCopies(Lanes lanes);
  /// Makes those of all groups but the last `pending`.
  void finishCopies(Lanes lanes, size_t pending, bool all);

private:
  bool selectGroup();
  bool haveMet() const;
  void leaveGroup();
  void branch(const Instruction &instruction, Lanes on);
  [[noreturn]] void fail(const Instruction &instruction,
                         const std::string &what) const;

  Block &block;
  unsigned number;
  State state = State::Ready;
  std::vector<uint64_t> registers;
  uint32_t counters[warpLanes] = {};
  Lanes live, group = 0;
  Lanes together = 0; // wait for the other lanes of the warp
  Lanes spinning = 0;
  uint32_t counter = 0;      // of the group
  uint32_t nextOthers = ~0u; // the first of the other lanes
  std::vector<std::vector<Copy>> copies[warpLanes];
};

class Block {
public:
  Block(const Launch &launch, const unsigned (&index)[3]);
  void run();

  const Launch &getLaunch() const { return launch; }
  const unsigned *getIndex() const { return index; }
  const Kernel &getKernel() const { return *launch.kernel; }

  /// Memory at an address, checked.
  uint8_t *getGlobal(uint64_t address, unsigned bytes) const;
  uint8_t *getShared(uint64_t address, unsigned bytes);

  // bar.sync and bar.arrive, of whole warps.
  void arriveNamed(uint64_t id, unsigned threads);
  void syncNamed(Warp &warp, uint64_t id, unsigned threads);
  unsigned getThreads() const { return launch.threads; }

  /// An mbarrier object.
  struct Barrier {
    int64_t expected, pending, bytes = 0;
    unsigned phase = 0;
    std::vector<std::function<void()>> copies; // under way
  };
  void initBarrier(uint64_t address, int64_t count);
  Barrier &getBarrier(uint64_t address);
  void arrive(Barrier &barrier, int64_t bytes);
  /// Whether the phase of this parity is over. Copies come when somebody asks.
  bool isOver(Barrier &barrier, unsigned parity);

private:
  void complete(Barrier &barrier);

  const Launch &launch;
  const unsigned (&index)[3];
  std::vector<uint8_t> shared;
  std::vector<Warp> warps;
  std::map<uint64_t, Barrier> barriers;
  struct Named {
    unsigned arrived = 0;
    std::vector<Warp *> waiting;
  } named[16];
  uint64_t events = 0; // that others may wait for
};

} // namespace quipu::ptx

#endif // QUIPU_TEST_RUNTIME_ENGINE_CUDA_PTX_BLOCK_H
