//===- CudaEngine.cpp - Steps that a GPU runs -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/CudaEngine.h"
#include "runtime/engine/RandomWeights.h"
#include "runtime/engine/cuda/WeightLoader.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

using namespace quipu;
using namespace quipu::cuda;

/// Rows of outputs that fit are copied to page-locked memory, which is faster:
/// the logits of a few tokens.
static constexpr uint64_t maxPinnedRowBytes = 16 << 20;

/// A thread copies 8 GB/s from a mapped file into page-locked memory, and a
/// link of 16 lanes takes 55. Locking pages takes 0.5 ms per MB, which more
/// threads do not win back, unless each has to make its numbers.
static constexpr int32_t maxReaders = 8, maxRandomReaders = 16;

/// Of what is placed in the device's memory: weights and pages are read with
/// copies that want 16, and swizzled ones 1024.
static constexpr uint64_t alignment = 1024;

void *quipu_create_cuda_engine() {
  return static_cast<Engine *>(new (std::nothrow) CudaEngine);
}

CudaEngine::~CudaEngine() {
  if (!device.context() || !device.isOurs())
    return;
  Current current(device);
  if (base)
    device.driver().memFree(base);
  if (pinned)
    device.driver().memFreeHost(pinned);
}

Status CudaEngine::start(const abi::Program &program,
                         const abi::Variant &variant,
                         const EngineOptions &options) {
  image = &program;
  chosen = &variant;
  loading = options.loading;
  chooser.find(program, *variant.device);
  return device.open(options.device, *variant.device);
}

static std::string gigabytes(uint64_t bytes) {
  char text[32];
  snprintf(text, sizeof(text), "%.2f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

/// Of the weights in the program's file, or of random ones.
static WeightReader getReader(const abi::Program &program) {
  if (!program.weights)
    return [random = RandomWeights(program)](char *to, uint64_t begin,
                                             uint64_t bytes) {
      random.fill(begin, bytes, to);
    };
  return [&program](char *to, uint64_t begin, uint64_t bytes) {
    memcpy(to, static_cast<const char *>(program.weights) + begin, bytes);
  };
}

Status CudaEngine::allocate(StepMemory &memory) {
  const Driver &driver = device.driver();
  Current current(device);
  int32_t maxTokens = 0;
  recorded = std::vector<Recorded>(chosen->stepCount);
  for (int32_t i = 0; i < chosen->stepCount; ++i) {
    recorded[i].block = StepBlock(*image, chosen->steps[i].tokens);
    maxTokens = std::max(maxTokens, chosen->steps[i].tokens);
  }
  StepMemory::Part weights = {image->weightBytes},
                   block = {StepBlock(*image, maxTokens).bytes()},
                   choices = {chooser.deviceBytes()};
  std::vector<StepMemory::Part> tableParts(
      image->poolCount,
      StepMemory::Part{memory.tableEntries * sizeof(int32_t)});

  uint64_t total = 0;
  bool fits = true;
  std::vector<uint64_t> offsets; // [part]
  auto add = [&](uint64_t bytes) {
    uint64_t padded;
    fits &= !__builtin_add_overflow(bytes, alignment - 1, &padded);
    offsets.push_back(total);
    fits &=
        !__builtin_add_overflow(total, padded / alignment * alignment, &total);
  };
  std::vector<StepMemory::Part *> parts = {
      &weights,        &block,       &choices,        &memory.arena,
      &memory.outputs, &memory.sums, &memory.partials};
  for (StepMemory::Part &part : tableParts)
    parts.push_back(&part);
  for (StepMemory::Part &part : memory.pages)
    parts.push_back(&part);
  uint64_t cacheBytes = 0;
  for (StepMemory::Part *part : parts)
    add(part->bytes);
  for (const StepMemory::Part &part : memory.pages)
    cacheBytes += part.bytes;

  size_t free = 0, all = 0;
  if (Status status = driver.check(driver.memGetInfo(&free, &all),
                                   "say how much memory is free");
      !status.ok())
    return status;
  Result result = Result::OutOfMemory;
  if (fits && total <= free)
    result = driver.memAlloc(&base, total);
  if (result == Result::OutOfMemory)
    return memoryError(
        device.name() + " has " + gigabytes(free) + " of its " +
        gigabytes(all) + " free, but this needs " + gigabytes(total) + ": " +
        gigabytes(weights.bytes) + " for weights, " + gigabytes(cacheBytes) +
        " for the cache, " + gigabytes(total - weights.bytes - cacheBytes) +
        " for intermediate results; ask for a shorter context or fewer "
        "sequences");
  if (Status status = driver.check(result, "reserve memory"); !status.ok())
    return status;
  for (size_t i = 0; i < parts.size(); ++i)
    parts[i]->data = getPointer(base + offsets[i]);
  memory.weights = weights.data;
  deviceBlock = static_cast<char *>(block.data);
  tableEntries = memory.tableEntries;
  for (const StepMemory::Part &part : tableParts)
    tables.push_back(static_cast<const int32_t *>(part.data));

  Status status = allocateHost(block.bytes, memory.outputs.bytes);
  if (status.ok())
    status = chooser.place(device, choices.data, pinned + pinnedChoices);
  if (status.ok())
    status = driver.check(
        driver.memsetD8Async(getAddress(block.data), 0,
                             total - (getAddress(block.data) - base),
                             device.stream()),
        "clear memory");
  if (status.ok())
    status =
        loadWeights(device, base, weights.bytes, getReader(*image),
                    image->weights ? maxReaders : maxRandomReaders, loading);
  return status;
}

/// Page-locked memory for block tables, the block of a step, chosen tokens and
/// rows of outputs.
Status CudaEngine::allocateHost(uint64_t blockBytes, uint64_t rowBytes) {
  const Driver &driver = device.driver();
  uint64_t tableBytes = tables.size() * tableEntries * sizeof(int32_t);
  pinnedBlock = (tableBytes + 63) / 64 * 64;
  pinnedChoices = pinnedBlock + blockBytes;
  pinnedRows = (pinnedChoices + chooser.hostBytes() + 63) / 64 * 64;
  pinnedRowBytes = std::min(rowBytes, maxPinnedRowBytes);
  void *start = nullptr;
  Status status =
      driver.check(driver.memHostAlloc(&start, pinnedRows + pinnedRowBytes, 0),
                   "lock pages of the host's memory");
  if (!status.ok())
    return status;
  pinned = static_cast<char *>(start);
  memset(pinned, 0, pinnedRows); // as on the device
  if (!moreRows.reserve(rowBytes))
    return memoryError("there is no memory for the outputs; ask for smaller "
                       "chunks");
  return {};
}

void CudaEngine::copy(void *to, const void *from, uint64_t bytes) {
  if (!device.isOurs())
    return;
  Current current(device);
  Result result = device.driver().memcpyDtoDAsync(
      getAddress(to), getAddress(from), bytes, device.stream());
  if (failure == Result::Success)
    failure = result;
}

/// Copies what has changed of the block tables' rows that the step reads, for
/// `further` positions behind it, too: most calls change nothing there.
Result CudaEngine::updateTables(const abi::StepArgs &args, int32_t further) {
  for (size_t p = 0; p < tables.size(); ++p)
    for (int32_t i = 0; i < args.count; ++i) {
      if (i > 0 && args.sequences[i] == args.sequences[i - 1])
        continue;
      const abi::PagePool &pool = args.pools[p];
      int64_t row = int64_t(args.sequences[i]) * pool.tablePages;
      int32_t used =
          std::min((args.ends[i] + further + abi::pagePositions - 1) /
                       abi::pagePositions,
                   pool.tablePages);
      const int32_t *now = pool.table + row;
      auto *sent = reinterpret_cast<int32_t *>(pinned) + p * tableEntries + row;
      auto first = static_cast<int32_t>(
          std::mismatch(now, now + used, sent).first - now);
      if (first == used)
        continue;
      int32_t last = used - 1;
      while (now[last] == sent[last])
        --last;
      std::copy(now + first, now + last + 1, sent + first);
      Result result = device.driver().memcpyHtoDAsync(
          getAddress(tables[p] + row + first), sent + first,
          (last + 1 - first) * sizeof(int32_t), device.stream());
      if (result != Result::Success)
        return result;
    }
  return Result::Success;
}

/// Starts to copy the rows, to where `rows` then says.
Result CudaEngine::copyRows(const abi::Step &step, const abi::StepArgs &args,
                            std::span<OutputRows> rows) {
  const abi::Tensor *outputs = image->entries[step.entry].outputs;
  auto getBytes = [&](size_t i) {
    return uint64_t(outputs[i].stride) * rows[i].count * sizeof(float);
  };
  uint64_t total = 0;
  for (size_t i = 0; i < rows.size(); ++i)
    total += getBytes(i);
  char *to = total <= pinnedRowBytes ? pinned + pinnedRows
                                     : static_cast<char *>(moreRows.data());
  Result result = Result::Success;
  for (size_t i = 0; i < rows.size() && result == Result::Success; ++i) {
    uint64_t bytes = getBytes(i);
    if (bytes)
      result = device.driver().memcpyDtoHAsync(to, getAddress(args.outputs[i]),
                                               bytes, device.stream());
    rows[i].numbers = reinterpret_cast<const float *>(to);
    to += bytes;
  }
  return result;
}

Status CudaEngine::run(const abi::Step &step, abi::StepArgs &args,
                       std::span<OutputRows> rows, KernelTimer *timer) {
  if (!device.isOurs())
    return deviceError("a child of fork cannot use the GPU of its parent");
  const Driver &driver = device.driver();
  Current current(device);
  Recorded &known = recorded[&step - chosen->steps];
  StepGraph &graph = timer ? known.timed : known.graph;
  char *block = pinned + pinnedBlock;
  known.block.fill(block, deviceBlock, *image, image->entries[step.entry], args,
                   tables.data());
  if (!graph.isRecorded())
    if (Status status =
            graph.record(device, *chosen->device, step,
                         known.block.hostArgs(block), timer != nullptr);
        !status.ok())
      return status;

  Result result = failure;
  auto then = [&](auto &&next) {
    if (result == Result::Success)
      result = next();
  };
  then([&] { return updateTables(args, 0); });
  then([&] {
    return driver.memcpyHtoDAsync(getAddress(deviceBlock), block,
                                  known.block.bytes(), device.stream());
  });
  then([&] { return graph.launch(); });
  then([&] { return copyRows(step, args, rows); });
  then([&] { return driver.streamSynchronize(device.stream()); });
  if (result != Result::Success)
    return fail(step, result);
  if (timer)
    graph.addTimes(*timer);
  return {};
}

Status CudaEngine::fail(const abi::Step &step, Result result) const {
  return deviceError(device.name() + " failed in " + step.name + ": " +
                     device.driver().explain(result));
}

Status CudaEngine::startStep(const abi::Step &step, abi::StepArgs &args,
                             std::span<const abi::SamplerState> states) {
  if (!device.isOurs())
    return deviceError("a child of fork cannot use the GPU of its parent");
  const Driver &driver = device.driver();
  Current current(device);
  Recorded &known = recorded[&step - chosen->steps];
  char *block = pinned + pinnedBlock;
  started = &step;
  Result result = failure;
  auto then = [&](auto &&next) {
    if (result == Result::Success)
      result = next();
  };
  then([&] { return updateTables(args, 1); });
  if (!states.empty()) {
    known.block.fill(block, deviceBlock, *image, image->entries[step.entry],
                     args, tables.data());
    abi::StepArgs told = known.block.hostArgs(block);
    if (!known.choosing.isRecorded())
      if (Status status = known.choosing.record(
              device, *chosen->device, step, told, /*timed=*/false,
              [&] { chooser.launch(known.choosing, step, told.device); });
          !status.ok())
        return status;
    then([&] {
      return driver.memcpyHtoDAsync(getAddress(deviceBlock), block,
                                    known.block.bytes(), device.stream());
    });
    then([&] { return chooser.begin(states); });
  }
  then([&] { return known.choosing.launch(); });
  then([&] { return chooser.mark(); });
  return result == Result::Success ? Status{} : fail(step, result);
}

Status CudaEngine::awaitTokens(std::span<const int32_t> &tokens) {
  Current current(device);
  Result result = chooser.await(tokens);
  return result == Result::Success ? Status{} : fail(*started, result);
}
