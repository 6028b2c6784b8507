//===- RopeFrequencies.h - Rotary frequencies, stretched --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_HOST_ROPEFREQUENCIES_H
#define QUIPU_COMPILER_CODEGEN_HOST_ROPEFREQUENCIES_H

#include "dialect/Quipu.h"
#include <vector>

namespace quipu {

struct RopeFrequencies {
  std::vector<float> frequencies; // radians per position, one for each pair
  float scale;                    // of cos and sin
};

/// What `op` asks for, in f32 as Hugging Face's modeling_rope_utils.py computes
/// it. The weights `factors` and `short_factors` are not part of it, nor is
/// what depends on the length of a sequence.
RopeFrequencies getRopeFrequencies(RopeAnglesOp op);

} // namespace quipu

#endif // QUIPU_COMPILER_CODEGEN_HOST_ROPEFREQUENCIES_H
