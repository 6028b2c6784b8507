//===- Driver.h - CUDA's driver, opened by name -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the engine needs of the driver API, declared here: a program is built
// and started on machines without CUDA. Numbers and structs are the driver's
// binary interface, which no release changes.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_DRIVER_H
#define QUIPU_RUNTIME_ENGINE_CUDA_DRIVER_H

#include "runtime/engine/Status.h"
#include <cstddef>
#include <cstdint>

namespace quipu::cuda {

enum class Result : int {
  Success = 0,
  OutOfMemory = 2,
  NoDevice = 100,
  UnsupportedPtxVersion = 222,
};

using DeviceNumber = int;
using Address = unsigned long long; // in the device's memory
using Context = struct ContextTag *;
using Module = struct ModuleTag *;
using Function = struct FunctionTag *;
using Stream = struct StreamTag *;
using Event = struct EventTag *;
using Graph = struct GraphTag *;
using GraphExec = struct GraphExecTag *;

enum class DeviceAttribute : int {
  ClockRate = 13,
  MultiprocessorCount = 16,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
};
enum class FunctionAttribute : int { MaxDynamicSharedBytes = 8 };
enum class JitOption : int { ErrorLog = 5, ErrorLogBytes = 6 };
enum class CaptureMode : int { Relaxed = 2 };

inline constexpr unsigned streamNonBlocking = 1;
/// The event becomes a node of the graph that is captured.
inline constexpr unsigned eventRecordExternal = 1;
inline constexpr unsigned eventDisableTiming = 2;

struct LaunchAttribute {
  enum class Kind : int { ProgrammaticStreamSerialization = 6 };
  Kind kind;
  alignas(8) int allowed; // the one of the driver's union of values
  char padding[60] = {};
};
static_assert(sizeof(LaunchAttribute) == 72);

struct LaunchConfig {
  unsigned grid[3], block[3];
  unsigned sharedBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};
static_assert(offsetof(LaunchConfig, stream) == 32);

/// The driver's functions, opened once for the process.
struct Driver {
#define FUNCTION(MEMBER, SYMBOL, ...) Result (*MEMBER)(__VA_ARGS__) = nullptr;
#include "runtime/engine/cuda/DriverFunctions.def"
#undef FUNCTION
  int version = 0; // 12040: CUDA 12.4

  /// A sentence when there is no driver, or none that is new enough.
  static Status open(const Driver *&driver);

  /// "12.4".
  std::string versionName() const;

  /// Nothing, or "the GPU's driver cannot `work`: why".
  Status check(Result result, const char *work) const;
  /// What the driver calls a result.
  std::string explain(Result result) const;

private:
  Status load();
};

inline Address getAddress(const void *pointer) {
  return reinterpret_cast<Address>(pointer);
}

/// What steps call a place in the device's memory.
inline void *getPointer(Address address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the driver's are numbers
  return reinterpret_cast<void *>(address);
}

inline Status deviceError(std::string message) {
  return {QUIPU_ERROR_DEVICE, std::move(message)};
}

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_DRIVER_H
