//===- WeightLoader.h - From the file to the GPU's memory -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_CUDA_WEIGHTLOADER_H
#define QUIPU_RUNTIME_ENGINE_CUDA_WEIGHTLOADER_H

#include "runtime/engine/cuda/Device.h"
#include <functional>

namespace quipu::cuda {

/// Stores `bytes` bytes of the weights, from byte `begin` on. It is called by
/// several threads; both numbers are multiples of 64, but for the last bytes.
using WeightReader =
    std::function<void(char *to, uint64_t begin, uint64_t bytes)>;

/// Has `read` store all weights in page-locked buffers, copies these to the
/// device, and tells `loading`, which may be empty, how many bytes are there,
/// from 0 to all. At most `maxThreads` threads call `read`, and each locks
/// pages.
Status loadWeights(const Device &device, Address to, uint64_t bytes,
                   const WeightReader &read, int32_t maxThreads,
                   const std::function<void(uint64_t, uint64_t)> &loading);

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_WEIGHTLOADER_H
