//===- Device.cpp - A GPU with a program's kernels ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/Device.h"
#include <cstdlib>
#include <cstring>
#include <string_view>

using namespace quipu;
using namespace quipu::cuda;

Device::~Device() {
  if (!opened || !isOurs())
    return;
  {
    Current current(*this);
    if (queue)
      functions->streamDestroy(queue);
    if (module)
      functions->moduleUnload(module);
  }
  functions->primaryCtxRelease(device);
}

Status Device::choose(int32_t number) {
  int count = 0;
  if (Status status =
          functions->check(functions->deviceGetCount(&count), "count GPUs");
      !status.ok())
    return status;
  if (count == 0)
    return {QUIPU_ERROR_PROCESSOR,
            "this program needs an NVIDIA GPU, and there is none here"};
  if (number < 0 || number >= count)
    return argumentError("the device must be from 0 to " +
                         std::to_string(count - 1) + ", not " +
                         std::to_string(number));
  char text[128] = "";
  int major = 0, minor = 0;
  auto get = [&](DeviceAttribute attribute, int &value) {
    return functions->deviceGetAttribute(&value, attribute, device);
  };
  for (Result result :
       {functions->deviceGet(&device, number),
        functions->deviceGetName(text, sizeof(text) - 1, device),
        get(DeviceAttribute::MultiprocessorCount, processors),
        get(DeviceAttribute::ComputeCapabilityMajor, major),
        get(DeviceAttribute::ComputeCapabilityMinor, minor),
        get(DeviceAttribute::ClockRate, clock)})
    if (Status status = functions->check(result, "describe the GPU");
        !status.ok())
      return status;
  called = text;
  capability = 10 * major + minor;
  return {};
}

/// Operations of a multiprocessor's tensor cores in a cycle, on f16 with sums
/// in f32, as NVIDIA's papers on the architectures have them; for others 0.
static double getMatrixOperations(int32_t capability) {
  switch (capability) {
  case 80:
    return 2048;
  case 86:
  case 89:
    return 1024;
  case 90:
    return 4096;
  case 100:
    return 8192;
  default:
    return 0;
  }
}

double Device::matrixPeak() const {
  return getMatrixOperations(capability) * processors * clock * 1e3;
}

/// PTX runs on its chip and later ones, what has an "a" behind its number on
/// that chip only, and other machine code on chips of its generation.
Status Device::checkChip(const abi::DeviceCode &code, int32_t number) const {
  char *end = nullptr;
  int32_t built = static_cast<int32_t>(strtol(code.chip + 3, &end, 10));
  bool isMachineCode = memcmp(code.image, "\177ELF", 4) == 0;
  bool runs = *end ? capability == built
                   : capability >= built &&
                         (!isMachineCode || capability / 10 == built / 10);
  if (runs)
    return {};
  return {QUIPU_ERROR_PROCESSOR, "this program is for " +
                                     std::string(code.chip) + ", but device " +
                                     std::to_string(number) + ", " + called +
                                     ", is sm_" + std::to_string(capability) +
                                     "; build it with a --target for that"};
}

Status Device::load(const void *image, Module &to) const {
  char log[4096] = "";
  JitOption options[] = {JitOption::ErrorLog, JitOption::ErrorLogBytes};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the driver wants a number here
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  Result result = functions->moduleLoadDataEx(&to, image, 2, options, values);
  if (result == Result::UnsupportedPtxVersion)
    return {QUIPU_ERROR_PROCESSOR,
            "the GPU's driver (CUDA " + functions->versionName() +
                ") is too old for this program's PTX; update it"};
  Status status = functions->check(result, "load this program's kernels");
  std::string_view line = log;
  line = line.substr(0, line.find('\n'));
  if (!status.ok() && !line.empty())
    status.message += " (" + std::string(line) + ")";
  return status;
}

Status Device::open(int32_t number, const abi::DeviceCode &code) {
  Status status = Driver::open(functions);
  if (status.ok())
    status = choose(number);
  if (status.ok())
    status = checkChip(code, number);
  if (status.ok())
    status = functions->check(functions->primaryCtxRetain(&opened, device),
                              "use the GPU");
  if (!status.ok())
    return status;
  Current current(*this);
  status = functions->check(functions->streamCreate(&queue, streamNonBlocking),
                            "make a stream");
  if (status.ok())
    status = load(code.image, module);
  entries.resize(code.kernelCount);
  for (int32_t i = 0; i < code.kernelCount && status.ok(); ++i) {
    const abi::DeviceKernel &kernel = code.kernels[i];
    Result result =
        functions->moduleGetFunction(&entries[i], module, kernel.name);
    // Also loads the function, which must not wait for a capture.
    if (result == Result::Success)
      result = functions->funcSetAttribute(
          entries[i], FunctionAttribute::MaxDynamicSharedBytes,
          kernel.sharedBytes);
    if (result != Result::Success)
      status = deviceError("the GPU's driver cannot load the kernel '" +
                           std::string(kernel.name) +
                           "': " + functions->explain(result));
  }
  return status;
}
