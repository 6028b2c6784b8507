//===- Pooling.h - What quipu.pool makes of rows ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_POOLING_H
#define QUIPU_ABI_POOLING_H

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quipu::abi {

/// What is made of a sequence's rows so far; `poolingNames` has their names.
/// MeanSqrtLen is their sum divided by the root of how many there are.
enum class Pooling : int32_t { Mean, MeanSqrtLen, Max, First, Last };
inline constexpr std::array<std::string_view, 5> poolingNames = {
    "mean", "mean_sqrt_len", "max", "first", "last"};

inline std::optional<Pooling> findPooling(std::string_view name) {
  for (int32_t i = 0; i < int32_t(poolingNames.size()); ++i)
    if (poolingNames[i] == name)
      return Pooling(i);
  return std::nullopt;
}

} // namespace quipu::abi

#endif // QUIPU_ABI_POOLING_H
