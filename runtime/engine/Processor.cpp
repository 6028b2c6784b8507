//===- Processor.cpp - What the processor has and how much of it is ours --===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Processor.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
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

/// The lines of a file, none if it cannot be read.
static std::vector<std::string> readLines(const std::string &path) {
  std::vector<std::string> lines;
  FILE *file = fopen(path.c_str(), "re");
  if (!file)
    return lines;
  char *line = nullptr;
  size_t room = 0;
  for (ssize_t size; (size = getline(&line, &room, file)) > 0;)
    lines.emplace_back(line, line[size - 1] == '\n' ? size - 1 : size);
  free(line);
  fclose(file);
  return lines;
}

static bool isIn(std::string_view word, std::string_view list) {
  return ("," + std::string(list) + ",").find("," + std::string(word) + ",") !=
         std::string::npos;
}

/// The text between the separators number `index` and the next one.
static std::string_view getField(std::string_view line, char separator,
                                 int index) {
  for (; index > 0; --index) {
    size_t end = line.find(separator);
    line = end == line.npos ? "" : line.substr(end + 1);
  }
  return line.substr(0, line.find(separator));
}

/// The quota of a group in whole CPUs, one at least; 0 without a limit.
static int64_t readQuota(const std::string &folder, bool isVersion2) {
  auto read = [&](const char *name) {
    std::vector<std::string> lines = readLines(folder + "/" + name);
    return lines.empty() ? "" : lines[0];
  };
  std::string numbers =
      isVersion2 ? read("cpu.max")
                 : read("cpu.cfs_quota_us") + " " + read("cpu.cfs_period_us");
  long long quota, period; // in microseconds; "max" and -1 are no limit
  if (sscanf(numbers.c_str(), "%lld %lld", &quota, &period) != 2 ||
      quota <= 0 || period <= 0)
    return 0;
  return std::max(quota / period, 1LL);
}

/// The smallest quota of `group` and of all groups around it, whose hierarchy
/// is mounted at `mount` from its group `top` on.
static int64_t findQuota(const std::string &mount, std::string_view top,
                         std::string_view group, bool isVersion2) {
  // A container sees its own group as the mount, whatever it is called outside.
  if (group == top || group.starts_with(std::string(top) + "/"))
    group.remove_prefix(top.size());
  int64_t least = 0;
  for (bool isTop = false; !isTop; group = group.substr(0, group.rfind('/'))) {
    isTop = group.empty();
    int64_t quota = readQuota(mount + std::string(group), isVersion2);
    if (quota > 0 && (least == 0 || quota < least))
      least = quota;
  }
  return least;
}

int32_t quipu::withinQuota(int32_t cores, const std::string &root) {
  std::vector<std::string> groups = readLines(root + "/proc/self/cgroup");
  for (const std::string &mount : readLines(root + "/proc/self/mountinfo")) {
    // ID PARENT DEVICE TOP MOUNT OPTIONS [MORE]... - TYPE SOURCE OPTIONS
    size_t dash = mount.find(" - ");
    if (dash == mount.npos)
      continue;
    std::string_view types = std::string_view(mount).substr(dash + 3);
    std::string_view type = getField(types, ' ', 0);
    bool isVersion2 = type == "cgroup2";
    if (!isVersion2 &&
        (type != "cgroup" || !isIn("cpu", getField(types, ' ', 2))))
      continue;
    for (const std::string &line : groups) { // NUMBER:CONTROLLERS:GROUP
      std::string_view controllers = getField(line, ':', 1);
      if (isVersion2 ? !line.starts_with("0::") : !isIn("cpu", controllers))
        continue;
      size_t group = line.find('/');
      if (group == line.npos)
        continue;
      int64_t quota = findQuota(
          root + std::string(getField(mount, ' ', 4)), getField(mount, ' ', 3),
          std::string_view(line).substr(group), isVersion2);
      if (quota > 0 && quota < cores)
        cores = static_cast<int32_t>(quota);
    }
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
  AllowedCpus cpus{firsts, count, withinQuota(count, "")};
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
