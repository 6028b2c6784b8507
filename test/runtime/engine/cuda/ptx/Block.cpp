//===- Block.cpp - Threads that run PTX together --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include <algorithm>
#include <utility>

using namespace quipu::ptx;

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

Warp::Warp(Block &block, unsigned number, unsigned threads)
    : block(block), number(number),
      // What nobody has written is no number of any type.
      registers(size_t(block.getKernel().registers) * warpLanes, ~uint64_t(0)),
      live(threads >= warpLanes ? ~Lanes(0) : (Lanes(1) << threads) - 1) {
  const Kernel &kernel = block.getKernel();
  auto fill = [&](uint32_t reg, auto number) {
    for (unsigned lane = 0; lane < warpLanes; ++lane)
      (*this)[reg][lane] = number(lane);
  };
  for (auto [reg, constant] : kernel.constants)
    fill(reg, [&, constant = constant](unsigned) { return constant; });
  for (size_t i = 0; i < kernel.params.size(); ++i)
    fill(kernel.params[i],
         [&](unsigned) { return block.getLaunch().params[i]; });
  const Launch &launch = block.getLaunch();
  const std::map<std::string, std::function<uint64_t(unsigned)>> numbers = {
      {"%tid.x", [&](unsigned lane) { return number * warpLanes + lane; }},
      {"%ntid.x", [&](unsigned) { return launch.threads; }},
      {"%ctaid.x", [&](unsigned) { return block.getIndex()[0]; }},
      {"%ctaid.y", [&](unsigned) { return block.getIndex()[1]; }},
      {"%ctaid.z", [&](unsigned) { return block.getIndex()[2]; }},
      {"%nctaid.x", [&](unsigned) { return launch.grid[0]; }},
      {"%nctaid.y", [&](unsigned) { return launch.grid[1]; }},
      {"%nctaid.z", [&](unsigned) { return launch.grid[2]; }},
      {"%laneid", [&](unsigned lane) { return lane; }}};
  for (const auto &[name, reg] : kernel.specials) {
    auto found = numbers.find(name);
    if (found == numbers.end())
      throw Error("unknown register " + name);
    fill(reg, found->second);
  }
}

void Warp::fail(const Instruction &instruction, const std::string &what) const {
  const unsigned *index = block.getIndex();
  throw Error("kernel " + block.getKernel().name + ", block " +
              std::to_string(index[0]) + "," + std::to_string(index[1]) + "," +
              std::to_string(index[2]) + ", warp " + std::to_string(number) +
              ": " + what + ": " + instruction.text);
}

void Warp::leaveGroup() {
  forLanes(group, [&](unsigned lane) { counters[lane] = counter; });
  group = 0;
}

/// Whether all lanes are at the same instruction.
bool Warp::haveMet() const {
  bool met = true;
  forLanes(live, [&](unsigned lane) {
    met &= counters[lane] == counters[__builtin_ctz(live)];
  });
  return met;
}

/// Takes the lanes that are furthest behind, so that lanes which went different
/// ways meet again. False when all that are left wait.
bool Warp::selectGroup() {
  leaveGroup();
  Lanes candidates = live & ~together & ~spinning;
  if (!candidates && live && together == live && haveMet())
    candidates = std::exchange(together, 0);
  if (!candidates)
    return false;
  counter = ~0u;
  forLanes(candidates,
           [&](unsigned lane) { counter = std::min(counter, counters[lane]); });
  nextOthers = ~0u;
  forLanes(live & ~spinning, [&](unsigned lane) {
    if (counters[lane] == counter)
      group |= Lanes(1) << lane;
    else if (candidates >> lane & 1)
      nextOthers = std::min(nextOthers, counters[lane]);
  });
  together &= ~group;
  return true;
}

void Warp::branch(const Instruction &instruction, Lanes on) {
  Lanes others = group & ~on;
  if (!others) {
    counter = instruction.target;
  } else if (!on) {
    ++counter;
  } else {
    forLanes(on, [&](unsigned lane) { counters[lane] = instruction.target; });
    forLanes(others, [&](unsigned lane) { counters[lane] = counter + 1; });
    group = 0;
  }
}

void Warp::run() {
  const std::vector<Instruction> &code = block.getKernel().code;
  while (state == State::Ready) {
    if ((!group || counter >= nextOthers) && !selectGroup()) {
      if (!live) {
        state = State::Ended;
        return;
      }
      if (spinning) {
        spinning = 0;
        return;
      }
      fail(code[counters[__builtin_ctz(live)]],
           "lanes wait for others that are elsewhere");
    }
    if (counter >= code.size())
      throw Error("kernel " + block.getKernel().name + " runs past its end");
    const Instruction &instruction = code[counter];
    Lanes on = group;
    if (instruction.guard >= 0) {
      Lanes holds = 0;
      const uint64_t *predicate = (*this)[uint32_t(instruction.guard)];
      forLanes(group, [&](unsigned lane) {
        holds |= Lanes((predicate[lane] & 1) != instruction.isNegated) << lane;
      });
      on = holds;
    }
    switch (instruction.kind) {
    case Kind::Branch:
      branch(instruction, on);
      continue;
    case Kind::Return:
      live &= ~on;
      group &= ~on;
      break;
    case Kind::Together:
      if (on != live) {
        if (on != group)
          fail(instruction, "only some lanes execute it");
        together |= group;
        leaveGroup();
        nextOthers = 0;
        continue;
      }
      [[fallthrough]];
    case Kind::Plain:
      try {
        if (on)
          instruction.execute(*this, instruction, on);
      } catch (const Error &error) {
        fail(instruction, error.what());
      }
      break;
    }
    ++counter;
    if (spinning & group)
      leaveGroup();
  }
}

void Warp::addCopy(unsigned lane, Copy copy) {
  if (copies[lane].empty())
    copies[lane].emplace_back();
  copies[lane].back().push_back(std::move(copy));
}

void Warp::commitCopies(Lanes lanes) {
  forLanes(lanes, [&](unsigned lane) {
    if (copies[lane].empty())
      copies[lane].emplace_back();
    copies[lane].emplace_back();
  });
}

void Warp::finishCopies(Lanes lanes, size_t pending, bool all) {
  forLanes(lanes, [&](unsigned lane) {
    auto &groups = copies[lane];
    // The last group is not committed.
    size_t keep = all ? 0 : pending + 1;
    size_t count = groups.size() > keep ? groups.size() - keep : 0;
    for (size_t i = 0; i < count; ++i)
      for (const Copy &copy : groups[i])
        copy();
    groups.erase(groups.begin(), groups.begin() + ptrdiff_t(count));
  });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static void checkAlignment(uint64_t address, unsigned bytes) {
  if (address % bytes)
    throw Error("an address that is no multiple of " + std::to_string(bytes));
}

uint8_t *Block::getGlobal(uint64_t address, unsigned bytes) const {
  if (bytes <= 16)
    checkAlignment(address, bytes);
  if (!launch.isDevice(address, bytes) &&
      !launch.module->hasTable(address, bytes))
    throw Error("an address that is not the device's");
  return reinterpret_cast<uint8_t *>(address);
}

uint8_t *Block::getShared(uint64_t address, unsigned bytes) {
  address = uint32_t(address);
  if (bytes <= 16)
    checkAlignment(address, bytes);
  if (address < sharedBase || address + bytes > sharedBase + shared.size())
    throw Error("an address behind the block's shared memory");
  return shared.data() + (address - sharedBase);
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

void Block::arriveNamed(uint64_t id, unsigned threads) {
  if (id >= std::size(named))
    throw Error("there is no such barrier");
  Named &barrier = named[id];
  barrier.arrived += warpLanes;
  if (barrier.arrived > threads)
    throw Error("more threads at a barrier than it is for");
  if (barrier.arrived < threads)
    return;
  ++events;
  for (Warp *warp : barrier.waiting)
    warp->wake();
  barrier = Named();
}

void Block::syncNamed(Warp &warp, uint64_t id, unsigned threads) {
  if (id >= std::size(named))
    throw Error("there is no such barrier");
  warp.wait();
  named[id].waiting.push_back(&warp);
  arriveNamed(id, threads);
}

void Block::initBarrier(uint64_t address, int64_t count) {
  getShared(address, 8);
  barriers[uint32_t(address)] = {count, count, 0, 0, {}};
}

Block::Barrier &Block::getBarrier(uint64_t address) {
  auto found = barriers.find(uint32_t(address));
  if (found == barriers.end())
    throw Error("a barrier that nobody has set up");
  return found->second;
}

void Block::complete(Barrier &barrier) {
  if (barrier.pending || barrier.bytes)
    return;
  ++events;
  barrier.pending = barrier.expected;
  barrier.phase ^= 1;
}

void Block::arrive(Barrier &barrier, int64_t bytes) {
  barrier.bytes += bytes;
  if (--barrier.pending < 0)
    throw Error("more arrivals at a barrier than it is for");
  complete(barrier);
}

bool Block::isOver(Barrier &barrier, unsigned parity) {
  if (barrier.phase != (parity & 1))
    return true;
  auto copies = std::move(barrier.copies);
  barrier.copies.clear();
  for (const auto &copy : copies) {
    copy();
    complete(barrier);
  }
  return barrier.phase != (parity & 1);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

Block::Block(const Launch &launch, const unsigned (&index)[3])
    : launch(launch), index(index), shared(launch.sharedBytes, 0xff) {
  for (unsigned first = 0; first < launch.threads; first += warpLanes)
    warps.emplace_back(*this, first / warpLanes, launch.threads - first);
}

void Block::run() {
  constexpr unsigned maxIdleRounds = 1000;
  for (unsigned idle = 0;; ++idle) {
    uint64_t before = events;
    bool ended = true, runs = false;
    for (Warp &warp : warps) {
      if (warp.getState() == Warp::State::Ready) {
        warp.run();
        runs = true;
      }
      ended &= warp.getState() == Warp::State::Ended;
    }
    if (ended)
      break;
    if (events != before)
      idle = 0;
    if (!runs || idle == maxIdleRounds)
      throw Error("kernel " + getKernel().name +
                  ": its warps wait for each other");
  }
  for (const auto &[address, barrier] : barriers)
    if (!barrier.copies.empty())
      throw Error("kernel " + getKernel().name +
                  ": ends before a copy to its shared memory has");
}

void quipu::ptx::run(const Launch &launch) {
  if (launch.threads > launch.kernel->maxThreads)
    throw Error("kernel " + launch.kernel->name + ": has " +
                std::to_string(launch.threads) + " threads instead of " +
                std::to_string(launch.kernel->maxThreads));
  unsigned index[3];
  for (index[2] = 0; index[2] < launch.grid[2]; ++index[2])
    for (index[1] = 0; index[1] < launch.grid[1]; ++index[1])
      for (index[0] = 0; index[0] < launch.grid[0]; ++index[0])
        Block(launch, index).run();
}
