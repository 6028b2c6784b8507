//===- WeightLoader.cpp - From the file to the GPU's memory ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/WeightLoader.h"
#include "abi/Symbols.h"
#include "runtime/engine/Processor.h"
#include "runtime/engine/Workers.h"
#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>

using namespace quipu;
using namespace quipu::cuda;

static constexpr uint64_t pieceBytes = abi::hugePage;
static constexpr uint64_t laneBytes = 2 * pieceBytes;

namespace {
/// Page-locked memory of the host. In huge pages, where the system has them,
/// there are few to lock.
class LockedBuffer {
public:
  explicit LockedBuffer(const Device &device) : device(device) {}
  LockedBuffer(const LockedBuffer &) = delete;
  LockedBuffer &operator=(const LockedBuffer &) = delete;
  ~LockedBuffer() {
    if (isLocked)
      device.driver().memHostUnregister(start);
    std::free(start);
  }

  /// `bytes` is a multiple of abi::hugePage.
  Result open(size_t bytes) {
    start = static_cast<char *>(std::aligned_alloc(abi::hugePage, bytes));
    if (!start)
      return Result::OutOfMemory;
    // Without them the pages are small.
    (void)madvise(start, bytes, MADV_HUGEPAGE);
    Result result = device.driver().memHostRegister(start, bytes, 0);
    isLocked = result == Result::Success;
    return result;
  }
  char *data() const { return start; }

private:
  const Device &device;
  char *start = nullptr;
  bool isLocked = false;
};

/// A thread's way to the device: while one buffer is copied there, the other
/// one is filled.
class Lane {
public:
  explicit Lane(const Device &device) : device(device) {}
  Lane(const Lane &) = delete;
  Lane &operator=(const Lane &) = delete;
  ~Lane() {
    const Driver &driver = device.driver();
    if (stream)
      driver.streamDestroy(stream);
    for (Event event : copied)
      if (event)
        driver.eventDestroy(event);
  }

  /// `memory` is page-locked and has laneBytes bytes.
  Result open(char *memory) {
    const Driver &driver = device.driver();
    Result result = driver.streamCreate(&stream, streamNonBlocking);
    for (int i = 0; i < 2 && result == Result::Success; ++i) {
      buffers[i] = memory + i * pieceBytes;
      result = driver.eventCreate(&copied[i], 0);
    }
    return result;
  }

  /// To the device, at `to`: `bytes` bytes of the weights from `begin` on.
  Result copy(Address to, const WeightReader &read, uint64_t begin,
              uint64_t bytes) {
    const Driver &driver = device.driver();
    turn ^= 1;
    // An event that was never recorded has happened.
    Result result = driver.eventSynchronize(copied[turn]);
    if (result != Result::Success)
      return result;
    read(buffers[turn], begin, bytes);
    result = driver.memcpyHtoDAsync(to, buffers[turn], bytes, stream);
    return result == Result::Success
               ? driver.eventRecord(copied[turn], stream, 0)
               : result;
  }

  Result finish() { return device.driver().streamSynchronize(stream); }

private:
  const Device &device;
  Stream stream = nullptr;
  char *buffers[2] = {};
  Event copied[2] = {};
  int turn = 0;
};
} // namespace

Status quipu::cuda::loadWeights(
    const Device &device, Address to, uint64_t bytes, const WeightReader &read,
    int32_t maxThreads,
    const std::function<void(uint64_t, uint64_t)> &loading) {
  const Driver &driver = device.driver();
  auto tell = [&](uint64_t done) {
    if (loading)
      loading(done, bytes);
  };
  tell(0);
  uint64_t pieces = (bytes + pieceBytes - 1) / pieceBytes;
  auto threads = static_cast<int32_t>(std::clamp<uint64_t>(
      pieces / 2, 1, std::min(allowedCpus().usableCores, maxThreads)));
  LockedBuffer buffers(device);
  if (Status status = driver.check(buffers.open(threads * laneBytes),
                                   "lock pages of the host's memory");
      !status.ok())
    return status;

  std::atomic<uint64_t> next{0}, done{0};
  std::atomic<Result> failure{Result::Success};
  Workers team;
  bool started = team.start(threads, /*pin=*/false);
  auto copyPieces = [&](int32_t worker, int32_t) {
    Current current(device);
    Lane lane(device);
    Result result = lane.open(buffers.data() + worker * laneBytes);
    while (result == Result::Success && failure == Result::Success) {
      uint64_t piece = next++;
      if (piece >= pieces)
        break;
      uint64_t begin = piece * pieceBytes;
      uint64_t size = std::min(pieceBytes, bytes - begin);
      result = lane.copy(to + begin, read, begin, size);
      done += size;
      if (worker == 0)
        tell(std::min(done.load(), bytes - 1));
    }
    if (result == Result::Success)
      result = lane.finish();
    if (result != Result::Success)
      failure = result;
  };
  if (started)
    team.run(copyPieces);
  if (!started)
    return memoryError("the system refuses to start " +
                       std::to_string(threads) +
                       " threads to load the weights");
  Status status = driver.check(failure, "copy the weights to the GPU");
  if (status.ok())
    tell(bytes);
  return status;
}
