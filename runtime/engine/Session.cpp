//===- Session.cpp - A program's cache, scratch memory and threads --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Session.h"
#include "runtime/engine/Processor.h"
#include "runtime/engine/Variant.h"
#include <algorithm>
#include <climits>

using namespace quipu;

static Status argument(std::string message) {
  return {QUIPU_ERROR_ARGUMENT, std::move(message)};
}

static std::string number(int64_t value) { return std::to_string(value); }

/// A sentence unless low <= value <= high.
static Status inRange(const char *what, int64_t value, int64_t low,
                      int64_t high) {
  if (value >= low && value <= high)
    return {};
  return argument(std::string(what) + " must be from " + number(low) + " to " +
                  number(high) + ", not " + number(value));
}

Status Session::create(const abi::Program &program,
                       const SessionOptions &options,
                       std::unique_ptr<Session> &session) {
  if (program.abiVersion != abi::version)
    return {QUIPU_ERROR_PROCESSOR,
            "this program's code has interface version " +
                number(program.abiVersion) + ", its runtime has " +
                number(abi::version) +
                "; rebuild it with one release of quipu"};
  std::string error;
  const abi::Variant *variant = chooseVariant(program, error);
  if (!variant)
    return {QUIPU_ERROR_PROCESSOR, std::move(error)};

  for (Status status :
       {inRange("the context", options.context, 0, abi::maxContext),
        inRange("threads", options.threads, 0, maxThreads),
        inRange("sequences", options.sequences, 1, maxSequences),
        inRange("the chunk", options.chunk, 0, INT_MAX)})
    if (!status.ok())
      return status;

  std::unique_ptr<Session> made(new Session);
  made->image = &program;
  made->chosen = variant;
  for (int32_t i = 0; i < variant->stepCount; ++i)
    if (variant->steps[i].cacheType == options.cacheType)
      made->steps.push_back(&variant->steps[i]);
  if (made->steps.empty()) {
    std::string name = abi::getFormat(options.cacheType).name;
    return argument("this program has no " + name + " cache for heads of " +
                    number(program.headDim) + " components; ask for f16");
  }
  int32_t threads =
      options.threads ? options.threads : allowedCpus().usableCores;
  if (Status status = made->allocate(options, threads); !status.ok())
    return status;
  if (!made->team.start(threads, options.pin))
    return {QUIPU_ERROR_MEMORY, "the system refuses to start " +
                                    number(threads) +
                                    " threads; ask for fewer"};
  session = std::move(made);
  return {};
}

Status Session::allocate(const SessionOptions &options, int32_t threads) {
  int32_t context = options.context ? options.context : image->context;
  context = (context + abi::cachePositions - 1) & -abi::cachePositions;
  // Kernels index one layer's keys and values with 32 bits.
  int64_t layer = int64_t(2) * image->kvHeads * image->headDim;
  uint64_t elements, cacheBytes;
  if (__builtin_mul_overflow(layer, context, &layer) ||
      __builtin_mul_overflow(layer, options.sequences, &layer) ||
      layer > INT_MAX)
    return argument("a context of " + number(context) + " positions for " +
                    number(options.sequences) +
                    " sequences is more than a cache can hold; ask for less");
  // The context is a multiple of 16.
  uint64_t bytes = abi::getFormat(options.cacheType).bytes;
  bool fits =
      !__builtin_mul_overflow(image->cacheElements, context, &elements) &&
      !__builtin_mul_overflow(elements, options.sequences, &elements) &&
      !__builtin_mul_overflow(elements / 16, bytes, &cacheBytes);
  if (!fits || !cache.reserve(cacheBytes))
    return {QUIPU_ERROR_MEMORY, "there is no memory for a cache of " +
                                    number(context) +
                                    " positions; ask for a shorter context"};

  uint64_t arenaBytes = 0;
  for (const abi::Step *step : steps)
    arenaBytes = std::max(arenaBytes, step->arenaBytes);
  uint64_t logitsBytes =
      uint64_t(steps.back()->tokens) * image->logitsStride * sizeof(float);
  uint64_t pieces = (context + abi::pagePositions - 1) / abi::pagePositions;
  uint64_t partialBytes =
      abi::splitThreshold * pieces * threads * image->partialBytes;
  if (!arena.reserve(arenaBytes) || !logits.reserve(logitsBytes) ||
      !partials.reserve(partialBytes))
    return {QUIPU_ERROR_MEMORY,
            "there is no memory for the " +
                number(arenaBytes + logitsBytes + partialBytes) +
                " bytes that intermediate results need"};

  chunk = options.chunk ? options.chunk : INT_MAX;
  lengths.assign(options.sequences, 0);
  // Huge pages come whole: not before a quarter of each is in use.
  int64_t headBytes = std::max<int64_t>(image->headDim * bytes / 16, 1);
  longLength = static_cast<int32_t>(
      std::min<int64_t>(context / 4, Pages::hugeBytes / 4 / headBytes));
  args.cache = cache.data();
  args.arena = arena.data();
  args.partials = partials.data();
  args.logits = static_cast<float *>(logits.data());
  args.weights = image->weights;
  preferHugePages(image->weights, image->weightBytes);
  args.barrier = team.barrierHandle();
  args.context = context;
  args.slots = options.sequences;
  return {};
}

/// Fills in `positions` and `slots`, and refuses what a step must not see.
Status Session::check(const Batch &batch) {
  if (batch.count < 1)
    return argument("a step needs at least one token");
  if (Status status =
          inRange("the number of wanted rows", batch.rowCount, 0, batch.count);
      !status.ok())
    return status;
  for (int32_t i = 0; batch.rows && i < batch.rowCount; ++i)
    if (batch.rows[i] < (i ? batch.rows[i - 1] + 1 : 0) ||
        batch.rows[i] >= batch.count)
      return argument("wanted rows must rise and be less than the " +
                      number(batch.count) + " tokens, but row " + number(i) +
                      " is " + number(batch.rows[i]));

  positions.resize(batch.count);
  slots.resize(batch.count);
  std::vector<int32_t> next(args.slots, -1); // positions after this batch
  for (int32_t i = 0; i < batch.count; ++i) {
    std::string where = "token " + number(i);
    int32_t sequence = batch.sequences ? batch.sequences[i] : 0;
    Status status = inRange((where + "'s id").c_str(), batch.tokens[i], 0,
                            image->vocabulary - 1);
    if (status.ok())
      status =
          inRange((where + "'s sequence").c_str(), sequence, 0, args.slots - 1);
    if (!status.ok())
      return status;
    bool first = next[sequence] < 0;
    int32_t expected = first ? lengths[sequence] : next[sequence];
    int32_t position = batch.positions ? batch.positions[i] : expected;
    if (batch.positions && (position < 0 || position > expected ||
                            (!first && position < expected)))
      return argument(where + " is at position " + number(position) +
                      " of sequence " + number(sequence) + ", but " +
                      number(expected) + " is next");
    if (position >= args.context)
      return {QUIPU_ERROR_CONTEXT_FULL,
              "the context of " + number(args.context) + " positions is full"};
    positions[i] = position;
    slots[i] = sequence;
    next[sequence] = position + 1;
  }
  return {};
}

/// The smallest step that takes all of the next tokens, or else the largest,
/// and how many of them it takes.
const abi::Step &Session::pick(int32_t remaining, int32_t &count) const {
  remaining = std::min(remaining, chunk);
  size_t best = 0;
  while (best + 1 < steps.size() && steps[best]->tokens < remaining)
    ++best;
  count = std::min(remaining, steps[best]->tokens);
  return *steps[best];
}

/// Reading a long cache from huge pages is 10 to 20 % faster.
void Session::growPages() {
  if (*std::max_element(lengths.begin(), lengths.end()) < longLength)
    return;
  cache.makeHuge();
  longLength = INT_MAX;
}

/// Cuts the tokens from `begin` on into blocks. Two tokens are no block: those
/// that fill it up would cost more than what is shared.
void Session::findBlocks(int32_t begin, int32_t count) {
  blocks.clear();
  auto follows = [&](int32_t i) {
    return slots[i] == slots[i - 1] && positions[i] == positions[i - 1] + 1;
  };
  for (int32_t i = 0; i < count;) {
    int32_t size = 1;
    while (size < abi::maxQueryTile && i + size < count &&
           follows(begin + i + size))
      ++size;
    size = size < 3 ? 1 : size;
    blocks.push_back({i, size});
    i += size;
  }
  args.blocks = blocks.data();
  args.blockCount = static_cast<int32_t>(blocks.size());
}

Status Session::step(const Batch &batch, const RowReader &read,
                     const Watcher &watch) {
  if (Status status = check(batch); !status.ok())
    return status;

  std::vector<int32_t> rows; // of one call, counted from its first token
  int32_t row = 0;
  auto wanted = [&](int32_t i) {
    return batch.rows ? batch.rows[i] : batch.count - batch.rowCount + i;
  };
  for (int32_t begin = 0; begin < batch.count;) {
    const abi::Step &step = pick(batch.count - begin, args.count);
    rows.clear();
    for (int32_t i = row; i < batch.rowCount && wanted(i) < begin + args.count;
         ++i)
      rows.push_back(wanted(i) - begin);
    args.tokens = batch.tokens + begin;
    args.positions = positions.data() + begin;
    args.sequences = slots.data() + begin;
    args.rows = rows.data();
    args.rowCount = static_cast<int32_t>(rows.size());
    findBlocks(begin, args.count);
    bool isMeasured =
        timer && &timer->step() == &step && args.count == step.tokens;
    args.timer = isMeasured ? timer : nullptr;
    team.run([&](int32_t worker, int32_t workers) {
      step.run(&args, worker, workers);
    });

    for (int32_t i = begin; i < begin + args.count; ++i)
      lengths[slots[i]] = positions[i] + 1;
    growPages();
    for (int32_t i = 0; read && i < args.rowCount; ++i)
      if (Status status =
              read(row + i, args.logits + int64_t(i) * image->logitsStride);
          !status.ok())
        return status;
    row += args.rowCount;
    begin += args.count;
    if (watch && !watch(begin))
      break;
  }
  return {};
}

Status Session::feed(const int32_t *tokens, int32_t count, int32_t sequence,
                     int32_t rowCount, const RowReader &read,
                     const Watcher &watch) {
  std::vector<int32_t> same(count, sequence);
  return step({.tokens = tokens,
               .count = count,
               .sequences = same.data(),
               .rowCount = rowCount},
              read, watch);
}
