//===- Device.h - A GPU with a program's kernels ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_DEVICE_H
#define QUIPU_RUNTIME_ENGINE_CUDA_DEVICE_H

#include "abi/Abi.h"
#include "runtime/engine/cuda/Driver.h"
#include <unistd.h>
#include <vector>

namespace quipu::cuda {

/// A GPU, its context, a stream, and the functions of a variant's code.
class Device {
public:
  Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;
  ~Device();

  /// Opens GPU number `number`, which must be one for the code, and loads that.
  Status open(int32_t number, const abi::DeviceCode &code);

  /// Loads a module, compiling it if it is PTX. The caller unloads it.
  Status load(const void *image, Module &module) const;

  /// Whether a kernel may begin while the one before it ends (programmatic
  /// dependent launch), also in graphs.
  bool overlapsKernels() const {
    return capability >= 90 && functions->version >= 12030;
  }

  /// Not in a child of fork, which must not touch it.
  bool isOurs() const { return process == getpid(); }

  const Driver &driver() const { return *functions; }
  const std::string &name() const { return called; }
  int32_t multiprocessors() const { return processors; }
  /// As Engine::matrixPeak.
  double matrixPeak() const;
  Context context() const { return opened; }
  Stream stream() const { return queue; }
  const std::vector<Function> &kernels() const { return entries; }

private:
  Status choose(int32_t number);
  Status checkChip(const abi::DeviceCode &code, int32_t number) const;

  const pid_t process = getpid();
  const Driver *functions = nullptr;
  DeviceNumber device = 0;
  std::string called;            // "NVIDIA H200"
  int32_t capability = 0;        // 90: 9.0
  int processors = 0, clock = 0; // kHz, at most
  Context opened = nullptr;
  Stream queue = nullptr;
  Module module = nullptr;
  std::vector<Function> entries; // as DeviceCode::kernels
};

/// Makes a device's context the calling thread's for a while.
class Current {
public:
  explicit Current(const Device &device) : device(device) {
    device.driver().ctxPushCurrent(device.context());
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;
  ~Current() {
    Context last;
    device.driver().ctxPopCurrent(&last);
  }

private:
  const Device &device;
};

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_DEVICE_H
