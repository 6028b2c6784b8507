//===- Session.cpp - Making a session, forgetting and forking -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Session.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Variant.h"
#include "runtime/engine/Workers.h"
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
        inRange("threads", options.engine.threads, 0, maxThreads),
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
  if (made)
    made->machine = makeEngine(program, *variant);
  if (!made || !made->machine)
    return memoryError("there is no memory for a session");
  made->image = &program;
  made->chosen = variant;
  made->type = options.cacheType;
  made->positionCount = context;
  made->slotCount = options.sequences;
  made->chunk = options.chunk ? options.chunk : INT_MAX;
  Status status = made->findSteps();
  if (status.ok())
    status = made->machine->start(program, *variant, options.engine);
  if (status.ok())
    status = made->allocate();
  if (!status.ok())
    return status;
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
    auto isKnown = [](const abi::Tensor &input) {
      std::string_view name = input.name;
      return input.domain == abi::Domain::Token &&
             input.type == abi::ElementType::I32 &&
             (name == "tokens" || name == "positions" || name == "types" ||
              findAxis(name) >= 0);
    };
    if (entry.inputCount < 1 ||
        !std::all_of(entry.inputs, entry.inputs + entry.inputCount, isKnown))
      return argumentError("'" + std::string(entry.name) +
                           "' reads more than token ids, their positions, "
                           "types and places, which this release cannot give "
                           "it");
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

Status Session::allocate() {
  if (!make(caches, image->poolCount) || !make(slots, slotCount))
    return memoryError("there is no memory for " + std::to_string(slotCount) +
                       " sequences; ask for fewer");
  for (int32_t i = 0; i < image->poolCount; ++i)
    if (!caches[i].reserve(image->pools[i], type, slotCount, positionCount))
      return memoryError("there is no memory for a cache of " +
                         std::to_string(positionCount) +
                         " positions; ask for a shorter context");

  int32_t maxOutputs = 0, maxInputs = 0;
  for (int32_t i = 0; i < image->entryCount; ++i) {
    const abi::Entry &entry = image->entries[i];
    for (const abi::Step &step : steps[i])
      memory.arena.bytes = std::max(memory.arena.bytes, step.arenaBytes);
    uint64_t bytes = 0;
    for (const abi::Tensor &output : getOutputs(entry))
      bytes += getBytes(output, steps[i].back().tokens);
    memory.outputs.bytes = std::max(memory.outputs.bytes, bytes);
    maxOutputs = std::max(maxOutputs, entry.outputCount);
    maxInputs = std::max(maxInputs, entry.inputCount);
  }
  for (int32_t i = 0; i < image->sumCount; ++i)
    memory.sums.bytes += sizeof(float) * slotCount * image->sums[i].width;
  args.maxSplits =
      (positionCount + abi::pagePositions - 1) / abi::pagePositions;
  // A GPU's step is called by one worker.
  int32_t workers = machine->workers() ? machine->workers()->count() : 1;
  bool fits = !__builtin_mul_overflow(
      uint64_t(abi::splitThreshold) * workers * args.maxSplits,
      image->partialBytes, &memory.partials.bytes);
  if (!fits || !make(inputs, maxInputs) || !make(types, maxTokens) ||
      !make(axesOf, int64_t(axisCount) * maxTokens) ||
      !make(outputs, maxOutputs) || !make(outputRows, maxOutputs) ||
      !make(pools, image->poolCount) || !make(sums, image->sumCount) ||
      !make(positions, maxTokens) || !make(sequenceOf, maxTokens) ||
      !make(ends, maxTokens) || !make(lengths, maxTokens) ||
      !make(selected, maxTokens) || !make(queryTiles, maxTokens) ||
      !make(slotMappings, int64_t(image->poolCount) * maxTokens))
    return memoryError("there is no memory for the intermediate results of " +
                       std::to_string(maxTokens) + " tokens");

  for (int32_t i = 0; i < image->poolCount; ++i)
    memory.pages.push_back({caches[i].bytes()});
  memory.tableEntries = int64_t(slotCount) * args.maxSplits;
  if (Status status = machine->allocate(memory); !status.ok())
    return status;
  for (int32_t i = 0; i < image->poolCount; ++i)
    caches[i].place(*machine, memory.pages[i].data);

  float *sum = static_cast<float *>(memory.sums.data);
  for (int32_t i = 0; i < image->sumCount; ++i) {
    sums[i] = sum;
    sum += int64_t(slotCount) * image->sums[i].width;
  }
  for (int32_t i = 0; i < image->poolCount; ++i)
    pools[i] = caches[i].view(&slotMappings[int64_t(i) * maxTokens]);
  args.inputs = inputs.get();
  args.outputs = outputs.get();
  args.positions = positions.get();
  args.sequences = sequenceOf.get();
  args.ends = ends.get();
  args.lengths = lengths.get();
  args.selected = selected.get();
  args.pools = pools.get();
  args.sums = sums.get();
  args.arena = memory.arena.data;
  args.weights = memory.weights;
  args.queryTiles = queryTiles.get();
  args.partials = memory.partials.data;
  return {};
}

void Session::placeOutputs(const abi::Entry &entry, int32_t tokens,
                           bool areRead) {
  char *rows = static_cast<char *>(memory.outputs.data);
  for (int32_t i = 0; i < entry.outputCount; ++i) {
    const abi::Tensor &output = entry.outputs[i];
    int32_t count =
        output.domain == abi::Domain::Token ? args.count : args.selectedCount;
    outputs[i] = rows;
    outputRows[i] = {areRead ? count : 0, nullptr};
    rows += getBytes(output, tokens);
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
  slot.places.forget(slot.length);
  for (int32_t i = 0; i < image->poolCount; ++i)
    caches[i].truncate(sequence, slot.length);
}

void Session::fork(int32_t from, int32_t to) {
  for (int32_t i = 0; i < image->poolCount; ++i)
    caches[i].fork(from, to);
  for (int32_t i = 0; i < image->sumCount; ++i) {
    int64_t width = image->sums[i].width;
    if (from != to)
      machine->copy(sums[i] + to * width, sums[i] + from * width,
                    width * sizeof(float));
  }
  slots[to].length = slots[from].length;
  slots[to].reader = slots[from].reader;
  slots[to].places = slots[from].places;
}

int32_t Session::longestText(int32_t entry) const {
  const abi::Entry &reader = image->entries[entry];
  int32_t most = std::min(positionCount, getPositionLimit(reader));
  return reader.wholeSequences ? std::min(most, steps[entry].back().tokens)
                               : most;
}

int64_t Session::cacheBytes() const {
  int64_t bytes = 0;
  for (int32_t i = 0; i < image->poolCount; ++i)
    bytes += caches[i].usedBytes();
  return bytes;
}
