//===- Session.cpp - A program's cache, scratch memory and threads --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Session.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Processor.h"
#include "runtime/engine/Variant.h"
#include <algorithm>
#include <climits>
#include <new>

using namespace quipu;

/// A sentence unless low <= value <= high.
static Status inRange(const char *what, int64_t value, int64_t low,
                      int64_t high) {
  if (value >= low && value <= high)
    return {};
  return argumentError(std::string(what) + " must be from " +
                       std::to_string(low) + " to " + std::to_string(high) +
                       ", not " + std::to_string(value));
}

static Status memoryError(std::string message) {
  return {QUIPU_ERROR_MEMORY, std::move(message)};
}

Status Session::create(const abi::Program &program,
                       const SessionOptions &options,
                       std::unique_ptr<Session> &session) {
  if (program.abiVersion != abi::version)
    return {QUIPU_ERROR_PROCESSOR,
            "this program's code has interface version " +
                std::to_string(program.abiVersion) + ", its runtime has " +
                std::to_string(abi::version) +
                "; rebuild it with one release of quipu"};
  std::string error;
  const abi::Variant *variant = chooseVariant(program, error);
  if (!variant)
    return {QUIPU_ERROR_PROCESSOR, std::move(error)};

  int32_t context = options.context ? options.context : program.context;
  for (Status status :
       {inRange("the context", context, 1, abi::maxContext),
        inRange("threads", options.threads, 0, maxThreads),
        inRange("sequences", options.sequences, 1, maxSequences),
        inRange("the chunk", options.chunk, 0, INT_MAX)})
    if (!status.ok())
      return status;
  if (!KvCache::canCount(options.sequences, context))
    return argumentError("a context of " + std::to_string(context) +
                         " positions for " + std::to_string(options.sequences) +
                         " sequences is more than a cache can hold; ask for "
                         "less");

  std::unique_ptr<Session> made(new (std::nothrow) Session);
  if (!made)
    return memoryError("there is no memory for a session");
  made->image = &program;
  made->chosen = variant;
  made->type = options.cacheType;
  made->positionCount = context;
  made->slotCount = options.sequences;
  made->chunk = options.chunk ? options.chunk : INT_MAX;
  int32_t threads =
      options.threads ? options.threads : allowedCpus().usableCores;
  if (Status status = made->findSteps(); !status.ok())
    return status;
  if (Status status = made->allocate(threads); !status.ok())
    return status;
  if (!made->team.start(threads, options.pin))
    return memoryError("the system refuses to start " +
                       std::to_string(threads) + " threads; ask for fewer");
  made->args.barrier = made->team.barrierHandle();
  session = std::move(made);
  return {};
}

/// Room for `count` elements, zero; false without memory.
template <typename T>
static bool make(std::unique_ptr<T[]> &array, int64_t count) {
  array.reset(new (std::nothrow) T[count]());
  return array != nullptr;
}

Status Session::findSteps() {
  if (!make(steps, image->entryCount))
    return memoryError("there is no memory for a session");
  for (int32_t i = 0; i < image->entryCount; ++i) {
    const abi::Entry &entry = image->entries[i];
    if (entry.inputCount != 1 || entry.inputs[0].domain != abi::Domain::Token ||
        entry.inputs[0].type != abi::ElementType::I32)
      return argumentError("'" + std::string(entry.name) +
                           "' reads more than token ids, which this release "
                           "cannot give it");
    auto isOurs = [&](const abi::Step &step) {
      return step.entry == i && step.cacheType == type;
    };
    const abi::Step *end = chosen->steps + chosen->stepCount;
    const abi::Step *first = std::find_if(chosen->steps, end, isOurs);
    steps[i] = {first, std::find_if_not(first, end, isOurs)};
    if (steps[i].empty())
      return argumentError("this program has no " +
                           std::string(abi::getFormat(type).name) +
                           " cache; ask for f16");
    maxTokens = std::max(maxTokens, steps[i].back().tokens);
  }
  return {};
}

static uint64_t alignRow(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Of an output's rows for `tokens` tokens.
static uint64_t getBytes(const abi::Tensor &output, int32_t tokens) {
  return alignRow(uint64_t(output.stride) * tokens * sizeof(float));
}

Status Session::allocate(int32_t threads) {
  if (!make(caches, image->poolCount) || !make(slots, slotCount))
    return memoryError("there is no memory for " + std::to_string(slotCount) +
                       " sequences; ask for fewer");
  for (int32_t i = 0; i < image->poolCount; ++i)
    if (!caches[i].reserve(image->pools[i], type, slotCount, positionCount))
      return memoryError("there is no memory for a cache of " +
                         std::to_string(positionCount) +
                         " positions; ask for a shorter context");

  uint64_t arenaBytes = 0, outputBytes = 0, sumBytes = 0, partialBytes;
  int32_t maxOutputs = 0;
  for (int32_t i = 0; i < image->entryCount; ++i) {
    const abi::Entry &entry = image->entries[i];
    for (const abi::Step &step : steps[i])
      arenaBytes = std::max(arenaBytes, step.arenaBytes);
    uint64_t bytes = 0;
    for (const abi::Tensor &output : getOutputs(entry))
      bytes += getBytes(output, steps[i].back().tokens);
    outputBytes = std::max(outputBytes, bytes);
    maxOutputs = std::max(maxOutputs, entry.outputCount);
  }
  for (int32_t i = 0; i < image->sumCount; ++i)
    sumBytes += sizeof(float) * slotCount * image->sums[i].width;
  args.maxSplits =
      (positionCount + abi::pagePositions - 1) / abi::pagePositions;
  bool fits = !__builtin_mul_overflow(uint64_t(abi::splitThreshold) * threads *
                                          args.maxSplits,
                                      image->partialBytes, &partialBytes);
  if (!fits || !arena.reserve(arenaBytes) ||
      !outputMemory.reserve(outputBytes) || !sumMemory.reserve(sumBytes) ||
      !partials.reserve(partialBytes) || !make(outputs, maxOutputs) ||
      !make(pools, image->poolCount) || !make(sums, image->sumCount) ||
      !make(positions, maxTokens) || !make(sequenceOf, maxTokens) ||
      !make(ends, maxTokens) || !make(selected, maxTokens) ||
      !make(queryTiles, maxTokens) ||
      !make(slotMappings, int64_t(image->poolCount) * maxTokens))
    return memoryError("there is no memory for the intermediate results of " +
                       std::to_string(maxTokens) + " tokens");

  float *sum = static_cast<float *>(sumMemory.data());
  for (int32_t i = 0; i < image->sumCount; ++i) {
    sums[i] = sum;
    sum += int64_t(slotCount) * image->sums[i].width;
  }
  for (int32_t i = 0; i < image->poolCount; ++i)
    pools[i] = caches[i].view(&slotMappings[int64_t(i) * maxTokens]);
  args.inputs = inputs;
  args.outputs = outputs.get();
  args.positions = positions.get();
  args.sequences = sequenceOf.get();
  args.ends = ends.get();
  args.selected = selected.get();
  args.pools = pools.get();
  args.sums = sums.get();
  args.arena = arena.data();
  args.weights = image->weights;
  args.queryTiles = queryTiles.get();
  args.partials = partials.data();
  preferHugePages(image->weights, image->weightBytes);
  return {};
}

void Session::placeOutputs(const abi::Entry &entry, int32_t tokens) {
  char *rows = static_cast<char *>(outputMemory.data());
  for (int32_t i = 0; i < entry.outputCount; ++i) {
    outputs[i] = rows;
    rows += getBytes(entry.outputs[i], tokens);
  }
}

bool Session::canGoBack(int32_t slot, int32_t position) const {
  return std::all_of(
      caches.get(), caches.get() + image->poolCount,
      [&](const KvCache &cache) { return cache.reaches(slot, position); });
}

void Session::forget(int32_t sequence, int32_t from) {
  Slot &slot = slots[sequence];
  if (from >= slot.length)
    return;
  slot.length = canGoBack(sequence, from) ? from : 0;
  slot.reader = -1;
  for (int32_t i = 0; i < image->poolCount; ++i)
    caches[i].truncate(sequence, slot.length);
}

void Session::fork(int32_t from, int32_t to) {
  for (int32_t i = 0; i < image->poolCount; ++i)
    caches[i].fork(from, to);
  for (int32_t i = 0; i < image->sumCount; ++i) {
    int64_t width = image->sums[i].width;
    if (from != to)
      std::copy_n(sums[i] + from * width, width, sums[i] + to * width);
  }
  slots[to].length = slots[from].length;
  slots[to].reader = slots[from].reader;
}

int64_t Session::cacheBytes() const {
  int64_t bytes = 0;
  for (int32_t i = 0; i < image->poolCount; ++i)
    bytes += caches[i].usedBytes();
  return bytes;
}
