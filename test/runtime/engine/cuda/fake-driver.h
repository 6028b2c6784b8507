//===- fake-driver.h - Kernels that the fake driver runs --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_ENGINE_CUDA_FAKE_DRIVER_H
#define QUIPU_TEST_RUNTIME_ENGINE_CUDA_FAKE_DRIVER_H

#include "abi/Abi.h"

namespace quipu {

/// A kernel of fake-driver.cpp: a program defines `fake_cuda_kernels`, an array
/// of them that ends with one without a name.
struct FakeKernel {
  const char *name;
  /// Is given what the first parameter points to, the number that is the
  /// second, and the pointers behind it.
  void (*run)(const abi::StepArgs *args, int32_t number, void *const *others);
  int paramCount;
};

} // namespace quipu

#endif // QUIPU_TEST_RUNTIME_ENGINE_CUDA_FAKE_DRIVER_H
