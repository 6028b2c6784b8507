//===- Processor.cpp - What the processor has and how much of it is ours --===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Processor.h"
#include <algorithm>
#include <cstdio>
#include <sched.h>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

using namespace quipu;

/// The lowest CPU number on the core of `cpu`.
static int coreOf(int cpu) {
  char path[96];
  snprintf(path, sizeof(path),
           "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  int first = cpu;
  if (FILE *file = fopen(path, "re")) {
    if (fscanf(file, "%d", &first) != 1)
      first = cpu;
    fclose(file);
  }
  return first;
}

/// The folder of this process's control group, "/" in most containers.
static std::string controlGroup() {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (!file)
    return "/";
  char path[1024] = "/";
  (void)!fscanf(file, "0::%1023[^\n]", path);
  fclose(file);
  return path;
}

/// How many CPUs' time the control groups that this process is in may use;
/// `cores` if that is not limited.
static int32_t withinQuota(int32_t cores) {
  std::string group = controlGroup();
  for (size_t end = group.size(); end != group.npos;
       end = end > 0 ? group.rfind('/', end - 1) : group.npos) {
    std::string path = "/sys/fs/cgroup" + group.substr(0, end) + "/cpu.max";
    FILE *file = fopen(path.c_str(), "re");
    if (!file)
      continue;
    long long quota, period; // in microseconds; "max" is no number
    if (fscanf(file, "%lld %lld", &quota, &period) == 2 && period > 0)
      cores =
          static_cast<int32_t>(std::clamp<long long>(quota / period, 1, cores));
    fclose(file);
  }
  return cores;
}

AllowedCpus quipu::allowedCpus() {
  constexpr int most = 8192;
  cpu_set_t *set = CPU_ALLOC(most);
  size_t bytes = CPU_ALLOC_SIZE(most);
  std::vector<int> firsts, siblings, cores;
  if (set && sched_getaffinity(0, bytes, set) == 0) {
    for (int cpu = 0; cpu < most; ++cpu) {
      if (!CPU_ISSET_S(cpu, bytes, set))
        continue;
      int core = coreOf(cpu);
      bool known = std::find(cores.begin(), cores.end(), core) != cores.end();
      (known ? siblings : firsts).push_back(cpu);
      if (!known)
        cores.push_back(core);
    }
  }
  CPU_FREE(set);
  if (firsts.empty())
    firsts.push_back(0);
  auto count = static_cast<int32_t>(firsts.size());
  AllowedCpus cpus{firsts, count, withinQuota(count)};
  cpus.numbers.insert(cpus.numbers.end(), siblings.begin(), siblings.end());
  return cpus;
}

#if defined(__x86_64__)

/// AMX's registers must be asked for, once per process.
static bool mayUseTiles() {
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

static bool nothing() { return true; }

static bool hasFeature(std::string_view name) {
#define X86_FEATURE(NAME, NEEDS, BRINGS, HALIDE)                               \
  if (name == NAME)                                                            \
    return __builtin_cpu_supports(NAME) && NEEDS();
#include "abi/CpuFeatures.def"
  return name == "sse" || name == "sse2"; // part of every x86-64
}

#elif defined(__aarch64__)

static bool hasFeature(std::string_view name) {
#define ARM_FEATURE(NAME, WORD, BIT, BRINGS, HALIDE)                           \
  if (name == NAME)                                                            \
    return getauxval(WORD) & (BIT);
#include "abi/CpuFeatures.def"
  return false;
}

#endif

std::string quipu::missingFeature(const char *features) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  std::string_view rest = features;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    if (!name.empty() && !hasFeature(name))
      return std::string(name);
    rest = comma == rest.npos ? "" : rest.substr(comma + 1);
  }
  return "";
}
