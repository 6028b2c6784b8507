//===- Session.h - Cache, scratch memory and threads ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_SESSION_H
#define QUIPU_RUNTIME_ENGINE_SESSION_H

#include "abi/Abi.h"
#include "runtime/capi/Quipu.h"
#include "runtime/engine/KernelTimer.h"
#include "runtime/engine/Pages.h"
#include "runtime/engine/Workers.h"
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace quipu {

/// QUIPU_OK, or what went wrong and a sentence about it.
struct [[nodiscard]] Status {
  quipu_status code = QUIPU_OK;
  std::string message;
  bool ok() const { return code == QUIPU_OK; }
};

struct SessionOptions {
  int32_t context = 0;   // positions; 0: the program's
  int32_t threads = 0;   // 0: one for each core
  int32_t sequences = 1; // cache slots
  int32_t chunk = 0;     // the most tokens per step; 0: what the program has
  abi::CacheType cacheType = abi::CacheType::F16;
  bool pin = false; // bind each thread, the caller's too, to a CPU
};

/// The tokens of one call, see quipu_step in Quipu.h.
struct Batch {
  const int32_t *tokens;
  int32_t count;
  const int32_t *positions = nullptr;
  const int32_t *sequences = nullptr;
  const int32_t *rows = nullptr; // rising
  int32_t rowCount = 0;
};

class Session {
public:
  /// The most threads and sequences that can be asked for.
  static constexpr int32_t maxThreads = 1024, maxSequences = 65536;

  static Status create(const abi::Program &program,
                       const SessionOptions &options,
                       std::unique_ptr<Session> &session);

  /// Is given the logits, [vocabulary], of wanted row number `row`, which are
  /// valid during the call.
  using RowReader = std::function<Status(int32_t row, const float *logits)>;
  /// Is told how many of the batch's tokens are done; after false, `step`
  /// returns at once.
  using Watcher = std::function<bool(int32_t done)>;

  /// Runs a batch of any size, cut into the program's steps. Checks all of it
  /// first.
  Status step(const Batch &batch, const RowReader &read = {},
              const Watcher &watch = {});

  /// Runs `count` tokens that follow what `sequence` holds, wanting the logits
  /// of the last `rowCount`.
  Status feed(const int32_t *tokens, int32_t count, int32_t sequence,
              int32_t rowCount, const RowReader &read = {},
              const Watcher &watch = {});

  /// Forgets what a sequence holds from position `from` on.
  void forget(int32_t sequence, int32_t from = 0) {
    lengths[sequence] = std::min(lengths[sequence], from);
  }
  int32_t length(int32_t sequence) const { return lengths[sequence]; }

  const abi::Program &program() const { return *image; }
  const abi::Variant &variant() const { return *chosen; }
  int32_t context() const { return args.context; }
  int32_t sequences() const { return args.slots; }
  Workers &workers() { return team; }
  /// Lets `watcher`, which may be null, see the full calls of its step.
  void setTimer(KernelTimer *watcher) { timer = watcher; }

private:
  Session() = default;
  Status allocate(const SessionOptions &options, int32_t threads);
  Status check(const Batch &batch);
  const abi::Step &pick(int32_t remaining, int32_t &count) const;
  void growPages();
  void findBlocks(int32_t begin, int32_t count);

  const abi::Program *image = nullptr;
  const abi::Variant *chosen = nullptr;
  abi::StepArgs args = {};
  std::vector<const abi::Step *> steps; // by rising number of tokens
  int32_t chunk = 0;
  std::vector<int32_t> lengths;          // [slot]
  std::vector<int32_t> positions, slots; // of the batch being run
  int32_t longLength = 0;             // from which on the cache has huge pages
  std::vector<abi::QueryTile> blocks; // of the step being run
  Pages cache, arena, logits, partials;
  Workers team;
  KernelTimer *timer = nullptr;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_SESSION_H
