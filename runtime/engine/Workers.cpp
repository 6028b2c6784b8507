//===- Workers.cpp - The threads that walk a step -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Workers.h"
#include "abi/Abi.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Processor.h"
#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <optional>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace quipu;

/// Longer than the workers of one kernel differ, and than it takes to wake one
/// up; shorter than a time slice that another process could use.
static constexpr double spinBetweenKernels = 150e-6;

/// Sampling and printing a token happen between two steps.
static constexpr double spinBetweenSteps = 500e-6;

static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

static void futex(std::atomic<uint32_t> &word, int operation, uint32_t value) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

// `open` writes the number, then reads who sleeps; `wait` says that it sleeps,
// then (in the kernel) reads the number. Both are sequentially consistent, so
// one of them sees the other.
void Gate::open() {
  number.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) != 0)
    futex(number, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void Gate::wait(uint32_t old, double spinSeconds) {
  std::optional<double> end; // the clock is read when a first look was in vain
  while (spinSeconds > 0 && !(end && now() > *end)) {
    for (int i = 0; i < 64; ++i) {
      if (value() != old)
        return;
      relax();
    }
    if (!end)
      end = now() + spinSeconds;
  }
  if (value() != old)
    return;
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (number.load(std::memory_order_seq_cst) == old)
    futex(number, FUTEX_WAIT_PRIVATE, old);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Gate::reset() {
  number.store(0, std::memory_order_relaxed);
  sleepers.store(0, std::memory_order_relaxed);
}

void Barrier::wait() {
  if (count == 1)
    return;
  uint32_t round = gate.value();
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived.store(0, std::memory_order_relaxed);
    gate.open();
    return;
  }
  gate.wait(round, spinSeconds);
}

void quipu_barrier(void *barrier) { static_cast<Barrier *>(barrier)->wait(); }

static void pinTo(pthread_t thread, int cpu) {
  cpu_set_t *set = CPU_ALLOC(cpu + 1);
  if (!set)
    return;
  size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(cpu, bytes, set);
  // A refusal only costs speed.
  (void)pthread_setaffinity_np(thread, bytes, set);
  CPU_FREE(set);
}

/// Lets the calling thread run in short time slices, for which it need not wait
/// until another process has had a long one: whoever sleeps at a barrier is
/// back soon. Linux 6.12 and later; others ignore it.
static void takeShortSlices() {
  struct {
    uint32_t size = sizeof(*this), policy = 0;
    uint64_t flags = 0;
    int32_t nice = 0;
    uint32_t priority = 0;
    uint64_t slice = 0, deadline = 0, period = 0; // nanoseconds
  } attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0 ||
      attributes.policy != SCHED_OTHER)
    return;
  attributes.slice = 100'000; // the shortest there is
  // A refusal only costs speed.
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/// How many forks led from the first process to this one.
static std::atomic<uint32_t> forks{0};
static const int forkHandlers =
    pthread_atfork(nullptr, nullptr, [] { ++forks; });

bool Workers::start(int32_t count, bool mayPin) {
  barrier.count = count;
  pin = mayPin;
  return startThreads();
}

bool Workers::startThreads() {
  process = forks;
  int32_t count = barrier.count;
  AllowedCpus cpus = allowedCpus();
  bool enough = static_cast<size_t>(count) <= cpus.numbers.size();
  // Whoever spins while another worker has no CPU only makes it later.
  barrier.spinSeconds = enough ? spinBetweenKernels : 0;
  bool pinNow = pin && enough && count >= cpus.cores;
  if (pinNow) {
    pinTo(pthread_self(), cpus.numbers[0]);
    takeShortSlices();
  }

  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGBUS); // comes to the thread that reads a lost file
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads.reserve(count - 1); // the threads keep pointers into it
  bool complete = true;
  for (int32_t worker = 1; worker < count; ++worker) {
    Thread &thread = threads.emplace_back(Thread{this, worker, {}});
    auto body = [](void *argument) -> void * {
      Thread *self = static_cast<Thread *>(argument);
      self->owner->serve(self->worker);
      return nullptr;
    };
    if (pthread_create(&thread.handle, nullptr, body, &thread) != 0) {
      threads.pop_back();
      complete = false;
      break;
    }
    if (pinNow)
      pinTo(thread.handle, cpus.numbers[worker]);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return complete;
}

void Workers::restart() {
  threads.clear(); // which fork did not copy
  barrier.arrived.store(0, std::memory_order_relaxed);
  barrier.gate.reset();
  started.reset();
  if (!startThreads())
    barrier.count = static_cast<int32_t>(threads.size()) + 1;
}

Workers::~Workers() {
  if (process != forks)
    return;
  stopping = true;
  started.open();
  for (Thread &thread : threads)
    pthread_join(thread.handle, nullptr);
}

void Workers::serve(int32_t worker) {
  takeShortSlices();
  for (uint32_t round = 0;; ++round) {
    started.wait(round, barrier.spinSeconds > 0 ? spinBetweenSteps : 0);
    if (stopping)
      return;
    job(context, worker, barrier.count);
    barrier.wait();
  }
}

void Workers::runJob(Job function, void *functionContext) {
  if (process != forks)
    restart();
  job = function;
  context = functionContext;
  if (!threads.empty())
    started.open();
  function(functionContext, 0, barrier.count);
  barrier.wait();
}
