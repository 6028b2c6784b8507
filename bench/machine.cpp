//===- machine.cpp - What this machine's cores and memory can do ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   machine calibrate
//     the lowest speed of a core, working alone or all at once, in operations
//     per second, and the lowest share of its time that it was given
//   machine peak THREADS
//     8-bit operations per second, and the instruction they are made with
//   machine read THREADS BYTES
//     bytes per second of reading a buffer of BYTES again and again
//
// To be compiled for the machine at hand (-march=native). Prints JSON.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static double now(clockid_t clock = CLOCK_MONOTONIC) {
  timespec time;
  clock_gettime(clock, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

/// Keeps the compiler from moving or merging work on `value`.
template <typename T> static void pretendToUse(T &value) {
#if defined(__x86_64__)
  asm volatile("" : "+x"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

// `Dot`: a vector of sums, and one instruction of multiplications and
// additions into it. Enough sums are in flight to hide its latency.
#if defined(__AMX_INT8__)
static const char *const instruction = "tdpbssd";
static constexpr int operations = 2 * 16 * 16 * 64;
#elif defined(__AVX512VNNI__)
static const char *const instruction = "vpdpbusd, 512 bits";
static constexpr int operations = 2 * 64;
using Sums = __m512i;
static Sums dot(Sums sums, Sums a) { return _mm512_dpbusd_epi32(sums, a, a); }
#elif defined(__AVXVNNI__)
static const char *const instruction = "vpdpbusd, 256 bits";
static constexpr int operations = 2 * 32;
using Sums = __m256i;
static Sums dot(Sums sums, Sums a) {
  return _mm256_dpbusd_avx_epi32(sums, a, a);
}
#elif defined(__AVX2__)
static const char *const instruction = "vpmaddubsw, vpmaddwd, vpaddd";
static constexpr int operations = 2 * 32;
using Sums = __m256i;
static Sums dot(Sums sums, Sums a) {
  Sums pairs = _mm256_maddubs_epi16(a, a);
  pretendToUse(pairs);
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, a));
}
#elif defined(__ARM_FEATURE_MATMUL_INT8)
static const char *const instruction = "smmla";
static constexpr int operations = 2 * 32;
using Sums = int32x4_t;
static Sums dot(Sums sums, Sums a) {
  return vmmlaq_s32(sums, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(a));
}
#elif defined(__ARM_FEATURE_DOTPROD)
static const char *const instruction = "sdot";
static constexpr int operations = 2 * 16;
using Sums = int32x4_t;
static Sums dot(Sums sums, Sums a) {
  return vdotq_s32(sums, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(a));
}
#else
#error "this processor has no 8-bit dot products that are known here"
#endif

/// `repetitions` times 8 of the instruction (4 on tiles); returns how many
/// operations that is.
#if defined(__AMX_INT8__)
static double multiply(int64_t repetitions) {
  struct alignas(64) {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t columns[16] = {64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16};
  } shape;
  syscall(SYS_arch_prctl, /*ARCH_REQ_XCOMP_PERM=*/0x1023, /*XTILEDATA=*/18);
  _tile_loadconfig(&shape);
  for (int64_t i = 0; i < repetitions; ++i) {
    _tile_dpbssd(0, 4, 5);
    _tile_dpbssd(1, 4, 5);
    _tile_dpbssd(2, 4, 5);
    _tile_dpbssd(3, 4, 5);
  }
  _tile_release();
  return 4.0 * double(repetitions) * operations;
}
#else
static double multiply(int64_t repetitions) {
  Sums sums[8] = {}, factor = {};
  pretendToUse(factor);
  for (int64_t i = 0; i < repetitions; ++i)
    for (Sums &sum : sums) {
      sum = dot(sum, factor);
      pretendToUse(sum);
    }
  return 8.0 * double(repetitions) * operations;
}
#endif

/// Runs `work(i)` for i < cores.size() at once, each on its core.
static void together(const std::vector<int> &cores,
                     const std::function<void(int)> &work) {
  std::barrier start(std::ptrdiff_t(cores.size()));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cores.size(); ++i)
    threads.emplace_back([&, i] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(cores[i], &set);
      pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
      start.arrive_and_wait();
      work(int(i));
    });
  for (std::thread &thread : threads)
    thread.join();
}

static std::vector<int> allowedCores() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set))
      cores.push_back(core);
  return cores;
}

static void calibrate() {
  std::vector<int> all = allowedCores();
  std::vector<std::vector<int>> groups;
  for (int core : all)
    groups.push_back({core});
  groups.push_back(all);
  double slowest = 1e30, minShare = 1;
  for (const std::vector<int> &cores : groups) {
    std::vector<double> speed(cores.size()), share(cores.size());
    together(cores, [&](int i) {
      multiply(1 << 18); // wakes the core up
      double begin = now(), used = now(CLOCK_THREAD_CPUTIME_ID), done = 0;
      while (now() - begin < 0.1)
        done += multiply(1 << 14);
      double elapsed = now() - begin;
      speed[i] = done / elapsed;
      share[i] = (now(CLOCK_THREAD_CPUTIME_ID) - used) / elapsed;
    });
    slowest = std::min(slowest, *std::ranges::min_element(speed));
    minShare = std::min(minShare, *std::ranges::min_element(share));
  }
  std::printf("{\"speed\": %.4g, \"share\": %.4f}\n", slowest, minShare);
}

/// The best of some rounds in which every thread does `work`, which returns
/// how much it did, divided by the time of the slowest.
static double best(const std::vector<int> &cores,
                   const std::function<double(int)> &work) {
  double result = 0;
  std::vector<double> done(cores.size());
  std::barrier<> step(std::ptrdiff_t(cores.size()));
  together(cores, [&](int i) {
    for (int round = 0; round < 12; ++round) {
      step.arrive_and_wait();
      double begin = now();
      done[i] = work(i);
      step.arrive_and_wait();
      double sum = 0;
      for (double part : done)
        sum += part;
      // The first round touches the memory.
      if (i == 0 && round > 0)
        result = std::max(result, sum / (now() - begin));
    }
  });
  return result;
}

typedef int64_t Line __attribute__((vector_size(64)));

static double readPart(const Line *from, const Line *to) {
  Line sums[4] = {};
  for (const Line *line = from; line + 4 <= to; line += 4)
    for (int i = 0; i < 4; ++i) {
      __builtin_prefetch(line + i + 64);
      sums[i] ^= line[i];
    }
  Line sum = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  asm volatile("" : : "m"(sum));
  return double((to - from) * ptrdiff_t(sizeof(Line)));
}

static void measureReading(const std::vector<int> &cores, size_t bytes) {
  size_t size = (bytes + (2 << 20) - 1) >> 21 << 21;
  Line *lines = static_cast<Line *>(std::aligned_alloc(2 << 20, size));
  if (!lines)
    std::exit(1);
  madvise(lines, size, MADV_HUGEPAGE);
  std::memset(lines, 1, size);
  size_t count = bytes / sizeof(Line), parts = cores.size();
  double speed = best(cores, [&](int i) {
    double done = 0;
    // Small buffers several times, so that a round is long.
    for (size_t again = 0; again <= (64 << 20) / bytes; ++again)
      done +=
          readPart(lines + count * i / parts, lines + count * (i + 1) / parts);
    return done;
  });
  std::printf("{\"bytes_per_second\": %.4g}\n", speed);
  std::free(lines);
}

int main(int argc, char **argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  std::vector<int> cores = allowedCores();
  if (argc > 2)
    cores.resize(std::clamp<size_t>(std::strtoul(argv[2], nullptr, 10), 1,
                                    cores.size()));
  if (command == "calibrate" && argc == 2) {
    calibrate();
  } else if (command == "peak" && argc == 3) {
    double speed = best(cores, [](int) { return multiply(1 << 22); });
    std::printf("{\"operations_per_second\": %.4g, \"instruction\": \"%s\"}\n",
                speed, instruction);
  } else if (command == "read" && argc == 4) {
    measureReading(cores, std::strtoull(argv[3], nullptr, 10));
  } else {
    std::fputs("usage: machine calibrate | peak THREADS | read THREADS BYTES\n",
               stderr);
    return 1;
  }
}
