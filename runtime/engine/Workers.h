//===- Workers.h - The threads that walk a step -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_WORKERS_H
#define QUIPU_RUNTIME_ENGINE_WORKERS_H

#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <type_traits>
#include <vector>

namespace quipu {

/// A number that only rises; threads wait for it to leave a value, spinning for
/// some seconds first and sleeping in the kernel then.
class Gate {
public:
  uint32_t value() const { return number.load(std::memory_order_acquire); }
  void open();
  void wait(uint32_t old, double spinSeconds);
  /// As new; nobody may wait.
  void reset();

private:
  alignas(64) std::atomic<uint32_t> number{0};
  alignas(64) std::atomic<uint32_t> sleepers{0};
};

/// What StepArgs::barrier points to.
class Barrier {
public:
  void wait();

private:
  friend class Workers;
  int32_t count = 1;
  double spinSeconds = 0;
  alignas(64) std::atomic<int32_t> arrived{0};
  Gate gate;
};

/// A fixed number of threads; the one that calls `run` is worker 0. A child of
/// fork has no threads but the one that called it: there they start again with
/// the first `run`, or, if the system has none to give, all work is the
/// caller's.
class Workers {
public:
  Workers() = default;
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;
  ~Workers();

  /// Starts `count` - 1 threads. With `pin`, worker i (the caller is 0) stays
  /// on one CPU, each on a core of its own, if that takes all cores: fewer
  /// threads are free to get out of other processes' way.
  /// Returns false if the system has no more threads to give.
  bool start(int32_t count, bool pin);

  int32_t count() const { return barrier.count; }

  /// What the running function's workers meet at.
  Barrier *barrierHandle() { return &barrier; }

  /// Calls function(worker, workers) on every worker and returns when all of
  /// them have.
  template <typename Function> void run(Function &&function) {
    using Plain = std::remove_reference_t<Function>;
    runJob(
        [](void *context, int32_t worker, int32_t workers) {
          (*static_cast<Plain *>(context))(worker, workers);
        },
        &function);
  }

private:
  using Job = void (*)(void *context, int32_t worker, int32_t workers);
  struct Thread {
    Workers *owner;
    int32_t worker;
    pthread_t handle;
  };

  void runJob(Job function, void *functionContext);
  void serve(int32_t worker);
  bool startThreads();
  /// In a child of fork: starts the threads that the parent has.
  void restart();

  std::vector<Thread> threads;
  bool pin = false;
  uint32_t process = 0; // that has the threads, as a number of forks
  Barrier barrier;
  Gate started;
  Job job = nullptr;
  void *context = nullptr;
  bool stopping = false;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_WORKERS_H
