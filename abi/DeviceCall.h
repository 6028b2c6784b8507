//===- DeviceCall.h - What launching a kernel takes -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_DEVICECALL_H
#define QUIPU_ABI_DEVICECALL_H

#include <cstdint>

namespace quipu::abi {

/// As `callNanoseconds`, of a GPU's kernels: from the end of a kernel to that
/// of the next one, without work, when both lie between events (measured on an
/// H200). In a step they overlap.
inline constexpr int64_t deviceCallNanoseconds = 5000;

} // namespace quipu::abi

#endif // QUIPU_ABI_DEVICECALL_H
