//===- CpuEngine.cpp - Steps that threads walk ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/CpuEngine.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Processor.h"
#include "runtime/engine/RandomWeights.h"
#include <algorithm>
#include <cstring>
#include <new>
#include <unistd.h>

using namespace quipu;

std::unique_ptr<Engine> quipu::makeEngine(const abi::Program &program,
                                          const abi::Variant &variant) {
  if (variant.device)
    return std::unique_ptr<Engine>(
        static_cast<Engine *>(program.createEngine()));
  return std::unique_ptr<Engine>(new (std::nothrow) CpuEngine);
}

Status CpuEngine::start(const abi::Program &program, const abi::Variant &,
                        const EngineOptions &options) {
  image = &program;
  int32_t threads =
      options.threads ? options.threads : allowedCpus().usableCores;
  if (!team.start(threads, options.pin))
    return memoryError("the system refuses to start " +
                       std::to_string(threads) + " threads; ask for fewer");
  return {};
}

bool CpuEngine::reserve(StepMemory::Part &part) {
  Pages &pages = *reserved.emplace_back(std::make_unique<Pages>());
  bool fits = pages.reserve(part.bytes);
  part.data = pages.data();
  return fits;
}

Status CpuEngine::allocate(StepMemory &memory) {
  auto refuse = [](const char *what) {
    return memoryError("there is no memory for " + std::string(what) +
                       "; ask for a shorter context or fewer sequences");
  };
  for (StepMemory::Part &pages : memory.pages)
    if (!reserve(pages))
      return refuse("the cache");
  for (StepMemory::Part *part :
       {&memory.arena, &memory.outputs, &memory.sums, &memory.partials})
    if (!reserve(*part))
      return refuse("the intermediate results");
  memory.weights = image->weights;
  if (!image->weights) {
    StepMemory::Part made{.bytes = image->weightBytes};
    if (!reserve(made))
      return memoryError("there is no memory for the weights");
    memory.weights = made.data;
    preferHugePages(made.data, made.bytes);
    RandomWeights random(*image);
    team.run([&](int32_t worker, int32_t workers) {
      auto begin = [&](int32_t of) {
        return made.bytes / 64 * of / workers * 64;
      };
      uint64_t from = begin(worker);
      random.fill(from, begin(worker + 1) - from,
                  static_cast<char *>(made.data) + from);
    });
    return {};
  }
  preferHugePages(image->weights, image->weightBytes);
  return {};
}

void CpuEngine::copy(void *to, const void *from, uint64_t bytes) {
  memcpy(to, from, bytes);
}

void CpuEngine::makeHuge(const StepMemory::Part &part, uint64_t used) {
  Pages::makeHuge(part.data, part.bytes, used);
}

Status CpuEngine::run(const abi::Step &step, abi::StepArgs &args,
                      std::span<OutputRows> rows, KernelTimer *timer) {
  args.barrier = team.barrierHandle();
  args.timer = static_cast<KernelTrace *>(timer);
  team.run([&](int32_t worker, int32_t workers) {
    step.run(&args, worker, workers);
  });
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i].numbers = static_cast<const float *>(args.outputs[i]);
  return {};
}

std::string CpuEngine::describe() const {
  return std::to_string(team.count()) +
         (team.count() == 1 ? " thread" : " threads");
}

using Lanes = uint64_t __attribute__((vector_size(16)));

static Lanes readAll(const Lanes *from, const Lanes *to) {
  Lanes sums[4] = {};
  for (; from < to; from += 4)
    for (int i = 0; i < 4; ++i)
      sums[i] ^= from[i];
  return sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
}

Status CpuEngine::measureBandwidth(double &bytesPerSecond) {
  uint64_t cache = std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 0L);
  uint64_t bytes = std::clamp<uint64_t>(4 * cache, 128 << 20, 1 << 30);
  Pages buffer;
  if (!buffer.reserve(bytes))
    return memoryError("there is no memory to measure its bandwidth");

  char *start = static_cast<char *>(buffer.data());
  auto part = [&](int32_t worker, int32_t workers) {
    return start + bytes / 4096 * worker / workers * 4096;
  };
  team.run([&](int32_t worker, int32_t workers) {
    std::fill(part(worker, workers), part(worker + 1, workers), char(worker));
  });
  bytesPerSecond = 0;
  for (double begin = now(), end = begin; end - begin < 0.3;) {
    double passBegin = now();
    team.run([&](int32_t worker, int32_t workers) {
      volatile Lanes result =
          readAll(reinterpret_cast<const Lanes *>(part(worker, workers)),
                  reinterpret_cast<const Lanes *>(part(worker + 1, workers)));
      (void)result;
    });
    end = now();
    bytesPerSecond = std::max(bytesPerSecond, bytes / (end - passBegin));
  }
  return {};
}
