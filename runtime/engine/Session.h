//===- Session.h - Sequences that steps are run on --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_SESSION_H
#define QUIPU_RUNTIME_ENGINE_SESSION_H

#include "abi/Abi.h"
#include "runtime/engine/AxisPlaces.h"
#include "runtime/engine/Engine.h"
#include "runtime/engine/KvCache.h"

namespace quipu {

struct SessionOptions {
  int32_t context = 0;   // positions; 0: the program's
  int32_t sequences = 1; // slots
  int32_t chunk = 0;     // the most tokens per step; 0: what the program has
  abi::CacheType cacheType = abi::CacheType::F16;
  EngineOptions engine = {};
};

/// The tokens of one call, see quipu_run in Quipu.h.
struct Batch {
  const int32_t *tokens;
  int32_t count;
  const int32_t *positions = nullptr; // null: they follow
  const int32_t *sequences = nullptr; // null: all are of `sequence`
  int32_t sequence = 0;
  const int32_t *selected = nullptr; // rising; null: the last ones
  int32_t selectedCount = 0;
  int32_t entry = 0;              // index into Program::entries
  const int32_t *types = nullptr; // of texts in a sequence; null: all are 0
  /// [axisCount][count] on the axes of a rotation; null: see AxisPlaces.h.
  const int32_t *places = nullptr;
};

/// A sequence whose text goes on.
struct Continuation {
  int32_t sequence;
  int32_t token; // its last one, which the session has not read yet
  abi::SamplerState sampler;
};

class Session {
public:
  /// The most threads and sequences that can be asked for.
  static constexpr int32_t maxThreads = 1024, maxSequences = 65536;

  static Status create(const abi::Program &program,
                       const SessionOptions &options,
                       std::unique_ptr<Session> &session);

  /// Is given a row, [Tensor::width], of one of the entry's outputs, which is
  /// valid during the call: for each token of the batch (Domain::Token), or for
  /// each selected one. Rows of an output come in order.
  using RowReader =
      std::function<Status(int32_t output, int32_t row, const float *numbers)>;
  /// Is told how many of the batch's tokens are done; after false, `step`
  /// returns at once.
  using Watcher = std::function<bool(int32_t done)>;

  /// Whether `step` takes the batch; if not, it would change nothing.
  Status check(const Batch &batch);

  /// Runs a batch of any size, cut into the program's steps. Checks all of it
  /// first. A sequence that was read whole (Entry::wholeSequences) is forgotten
  /// then: others cannot go on from it.
  Status step(const Batch &batch, const RowReader &read = {},
              const Watcher &watch = {});

  /// The same for a batch that `check` has just taken.
  Status run(const Batch &batch, const RowReader &read, const Watcher &watch);

  /// Whether the batch's sequences, of which each has one token, could go on by
  /// so many steps.
  Status checkContinuations(const Batch &batch, int32_t steps);

  /// Whether `generate` can draw tokens like that for so many sequences.
  bool canGenerate(int32_t entry, int32_t sequences,
                   const abi::SamplerState &sampler) const;

  /// Takes the tokens of a step, one for each sequence; after false,
  /// `generate` returns.
  using TokenReader = std::function<bool(std::span<const int32_t> tokens)>;

  /// Reads the last tokens of different sequences, chooses those that follow by
  /// the entry's logits, reads these, and so on for up to `count` steps. The
  /// engine chooses, and is some steps ahead of `read`; what it has read too
  /// much is forgotten. Neither the last tokens that `read` was given are read.
  Status generate(std::span<const Continuation> texts, int32_t entry,
                  int32_t count, const TokenReader &read);

  /// Forgets what a sequence holds from position `from` on, or all of it if it
  /// could not go on from there because a window is no longer cached.
  void forget(int32_t sequence, int32_t from = 0);

  /// Lets `to` hold what `from` holds, in place of its own. They share memory
  /// until they differ.
  void fork(int32_t from, int32_t to);

  /// The most tokens that an entry can read of a sequence.
  int32_t longestText(int32_t entry) const;
  int32_t length(int32_t sequence) const { return slots[sequence].length; }

  const abi::Program &program() const { return *image; }
  const abi::Variant &variant() const { return *chosen; }
  abi::CacheType cacheType() const { return type; }
  int32_t context() const { return positionCount; }
  int32_t sequences() const { return slotCount; }
  /// Pages in use of pool number `pool`.
  int32_t usedPages(int32_t pool) const { return caches[pool].usedPages(); }
  /// Bytes of the pages in use, of all pools.
  int64_t cacheBytes() const;
  Engine &engine() { return *machine; }
  /// Lets `watcher`, which may be null, see the full calls of its step.
  void setTimer(KernelTimer *watcher) { timer = watcher; }

private:
  struct Slot {
    int32_t length; // positions it holds
    // The entry that read last. If it writes sums, it has read all of them;
    // -1: some were forgotten.
    int32_t reader;
    // Of the batch that was checked, or the step that was prepared, last:
    int64_t seen;
    int32_t next; // the position after it
    int32_t last; // its last token
    AxisPlaces places;
  };

  Session() = default;
  Status findSteps();
  Status allocate();
  Status checkSelected(const Batch &batch) const;
  Status checkPlaces(const Batch &batch);
  /// What the numbers of a token are below.
  struct InputLimits {
    int32_t token, type, position;
  };
  Status checkToken(const Batch &batch, int32_t i, const InputLimits &limits);
  Status checkSequenceEnds(const Batch &batch) const;
  bool canGoBack(int32_t slot, int32_t position) const;
  int32_t slotOf(const Batch &batch, int32_t i) const {
    return batch.sequences ? batch.sequences[i] : batch.sequence;
  }
  const abi::Step &pick(const Batch &batch, int32_t begin,
                        int32_t &count) const;
  void prepare(const Batch &batch, int32_t begin);
  void placeInputs(const Batch &batch, int32_t begin);
  void placeOnAxes(const Batch &batch, int32_t begin, int32_t i);
  void findQueryTiles();
  void select(const Batch &batch, int32_t begin, int32_t row);
  void placeOutputs(const abi::Entry &entry, int32_t tokens, bool areRead);
  Status readRows(const Batch &batch, int32_t begin, int32_t row,
                  const RowReader &read) const;

  std::unique_ptr<Engine> machine;
  const abi::Program *image = nullptr;
  const abi::Variant *chosen = nullptr;
  abi::CacheType type = abi::CacheType::F16;
  int32_t positionCount = 0, slotCount = 0, chunk = 0;
  /// Of each entry, for the cache's type, by rising number of tokens.
  std::unique_ptr<std::span<const abi::Step>[]> steps;
  std::unique_ptr<Slot[]> slots;
  int64_t stamp = 0;                 // for Slot::seen
  std::unique_ptr<KvCache[]> caches; // [pool]

  // What the step being run is given.
  abi::StepArgs args = {};
  std::unique_ptr<const void *[]> inputs;
  std::unique_ptr<int32_t[]> types;  // 0, where a batch has none
  std::unique_ptr<int32_t[]> axesOf; // [axisCount][maxTokens], places
  std::unique_ptr<void *[]> outputs;
  std::unique_ptr<OutputRows[]> outputRows;
  std::unique_ptr<abi::PagePool[]> pools;
  std::unique_ptr<float *[]> sums;
  std::unique_ptr<int32_t[]> positions, sequenceOf, ends, lengths, selected;
  std::unique_ptr<int32_t[]> slotMappings; // [pool][tokens]
  std::unique_ptr<abi::QueryTile[]> queryTiles;
  StepMemory memory;
  int32_t maxTokens = 0; // of a step

  KernelTimer *timer = nullptr;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_SESSION_H
