//===- TemporaryFiles.cpp - Names that must not stay ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/TemporaryFiles.h"
#include "support/OutputPlace.h"
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

using namespace quipu;

//===----------------------------------------------------------------------===//
// What a signal's handler may call
//===----------------------------------------------------------------------===//

static constexpr size_t nameSize = 32;

namespace {
struct Slot {
  enum State { Free, Changing, Used };
  std::atomic<int> state;
  int folder;
  char name[nameSize];
};
} // namespace

/// More names than a run has at a time. One without a slot goes away with its
/// object all the same.
static Slot slots[64];
static_assert(std::atomic<int>::is_always_lock_free);
static std::atomic<pid_t> owner;

/// Removes a file, or a folder with the files in it.
static void removeName(int folder, const char *name) {
  if (unlinkat(folder, name, 0) == 0 || errno != EISDIR)
    return;
  int opened =
      openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0)
    return;
  alignas(dirent64) char entries[4096];
  long size;
  while ((size = syscall(SYS_getdents64, opened, entries, sizeof(entries))) > 0)
    for (long at = 0; at < size;) {
      auto *entry = reinterpret_cast<dirent64 *>(entries + at);
      unlinkat(opened, entry->d_name, 0);
      at += entry->d_reclen;
    }
  close(opened);
  unlinkat(folder, name, AT_REMOVEDIR);
}

static void removeAllNames() {
  if (getpid() == owner)
    for (Slot &slot : slots)
      if (slot.state.load(std::memory_order_acquire) == Slot::Used)
        removeName(slot.folder, slot.name);
}

static void handleSignal(int number) {
  int before = errno;
  removeAllNames();
  errno = before;
  // Comes when this function returns.
  signal(number, SIG_DFL);
  raise(number);
}

void quipu::removeTemporaryFilesOnSignals() {
  owner = getpid();
  for (int number : {SIGHUP, SIGINT, SIGPIPE, SIGTERM}) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) == 0 &&
        action.sa_handler == SIG_IGN)
      continue; // nohup
    action = {};
    action.sa_handler = handleSignal;
    sigfillset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

static const char *lostFileSentence;

static void handleLostFile(int) {
  removeAllNames();
  if (write(STDERR_FILENO, lostFileSentence, strlen(lostFileSentence)) < 0)
    _exit(2); // nobody can be told
  _exit(1);
}

void quipu::endOnLostFiles(const char *sentence) {
  owner = getpid();
  lostFileSentence = sentence;
  struct sigaction action = {};
  action.sa_handler = handleLostFile;
  sigfillset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

//===----------------------------------------------------------------------===//
// TemporaryName
//===----------------------------------------------------------------------===//

static std::string chooseName() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number)) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    number = uint64_t(now.tv_nsec) << 32 ^ uint64_t(getpid());
  }
  char name[nameSize];
  snprintf(name, sizeof(name), ".quipu-%016llx",
           static_cast<unsigned long long>(number));
  return name;
}

TemporaryName::TemporaryName(int folder) : folder(folder), name(chooseName()) {
  for (size_t i = 0; i < std::size(slots) && slot < 0; ++i) {
    int expected = Slot::Free;
    if (!slots[i].state.compare_exchange_strong(expected, Slot::Changing))
      continue;
    slot = static_cast<int>(i);
    slots[i].folder = folder;
    memcpy(slots[i].name, name.c_str(), name.size() + 1);
    slots[i].state.store(Slot::Used, std::memory_order_release);
  }
}

TemporaryName &TemporaryName::operator=(TemporaryName &&other) noexcept {
  std::swap(folder, other.folder);
  std::swap(name, other.name);
  std::swap(slot, other.slot);
  return *this;
}

TemporaryName::~TemporaryName() {
  if (!name.empty())
    removeName(folder, name.c_str());
  release();
}

void TemporaryName::release() {
  if (slot >= 0)
    slots[slot].state.store(Slot::Free, std::memory_order_release);
  slot = -1;
  name.clear();
}

//===----------------------------------------------------------------------===//
// TemporaryFolder
//===----------------------------------------------------------------------===//

TemporaryFolder &TemporaryFolder::operator=(TemporaryFolder &&other) noexcept {
  std::swap(parent, other.parent);
  std::swap(name, other.name);
  std::swap(where, other.where);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  name = TemporaryName();
  if (parent >= 0)
    close(parent);
}

std::string TemporaryFolder::create(const std::string &in) {
  parent = open(in.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    name = TemporaryName(parent);
    where = in + "/" + name.get();
    if (mkdirat(parent, name.get().c_str(), 0700) == 0)
      return "";
  }
  int error = errno;
  name.release();
  return "cannot make a temporary folder in '" + in + "': " + strerror(error);
}

std::string TemporaryFolder::create() {
  const char *folder = getenv("TMPDIR");
  return create(folder && *folder ? folder : "/tmp");
}
