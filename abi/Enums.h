//===- Enums.h - Kinds of ops that all parts agree on -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect has the same enums for its text, and checks that their numbers
// are these; kernels, references and generated calls use these.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_ENUMS_H
#define QUIPU_ABI_ENUMS_H

#include <array>
#include <cstdint>
#include <string_view>

namespace quipu::abi {

/// The pointwise non-linearities of quipu.activate.
enum class Activation : int32_t { Silu, Gelu, GeluTanh, Relu, Sigmoid, Tanh };

/// Which components of a head quipu.rope turns together: (2i, 2i + 1), or
/// (i, i + half).
enum class RopePairing : int32_t { Adjacent, Halves };

/// How quipu.rope_angles stretches its frequencies; `ropeScalingNames` has
/// their names.
enum class RopeScaling : int32_t {
  None,
  Linear,
  Llama3,
  Yarn,
  Longrope,
  Dynamic
};
inline constexpr std::array<std::string_view, 6> ropeScalingNames = {
    "none", "linear", "llama3", "yarn", "longrope", "dynamic"};

} // namespace quipu::abi

#endif // QUIPU_ABI_ENUMS_H
