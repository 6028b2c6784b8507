//===- Driver.cpp - CUDA's driver, opened by name -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/Driver.h"
#include <dlfcn.h>

using namespace quipu;
using namespace quipu::cuda;

/// The first that has all the functions.
static constexpr int oldestVersion = 12000;

static Status noDriver(std::string message) {
  return {QUIPU_ERROR_PROCESSOR, std::move(message)};
}

Status Driver::load() {
  // Never closed: contexts end with the process.
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    return noDriver("this program needs an NVIDIA GPU, whose driver is not "
                    "here: " +
                    std::string(why ? why : "libcuda.so.1"));
  }
  const char *missing = nullptr;
#define FUNCTION(MEMBER, SYMBOL, ...)                                          \
  MEMBER = reinterpret_cast<decltype(MEMBER)>(dlsym(library, #SYMBOL));        \
  if (!MEMBER)                                                                 \
    missing = #SYMBOL;
#include "runtime/engine/cuda/DriverFunctions.def"
#undef FUNCTION
  if (driverGetVersion)
    driverGetVersion(&version);
  if (missing || version < oldestVersion)
    return noDriver(
        "the GPU's driver" + (version ? " (CUDA " + versionName() + ")" : "") +
        " is too old" + (missing ? ": it has no " + std::string(missing) : "") +
        "; this program needs one for CUDA 12 or later");
  Result result = init(0);
  if (result == Result::NoDevice)
    return noDriver("this program needs an NVIDIA GPU, and there is none here");
  if (result != Result::Success)
    return noDriver("the GPU's driver does not start: " + explain(result));
  return {};
}

Status Driver::open(const Driver *&driver) {
  static Driver opened;
  static const Status status = opened.load();
  driver = &opened;
  return status;
}

std::string Driver::versionName() const {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

std::string Driver::explain(Result result) const {
  const char *text = nullptr;
  if (getErrorString(result, &text) != Result::Success || !text)
    return "error " + std::to_string(static_cast<int>(result));
  return text;
}

Status Driver::check(Result result, const char *work) const {
  if (result == Result::Success)
    return {};
  return deviceError("the GPU's driver cannot " + std::string(work) + ": " +
                     explain(result));
}
