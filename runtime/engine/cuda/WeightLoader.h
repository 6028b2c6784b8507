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

/// Copies `bytes` bytes of the program's mapped file to the device, and tells
/// `loading`, which may be empty, how many are there, from 0 to all.
Status loadWeights(const Device &device, Address to, const void *from,
                   uint64_t bytes,
                   const std::function<void(uint64_t, uint64_t)> &loading);

} // namespace quipu::cuda

#endif // QUIPU_RUNTIME_ENGINE_CUDA_WEIGHTLOADER_H
