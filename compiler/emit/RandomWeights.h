//===- RandomWeights.h - What stands in for weights -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_RANDOMWEIGHTS_H
#define QUIPU_COMPILER_EMIT_RANDOMWEIGHTS_H

#include "abi/Abi.h"
#include "compiler/emit/PackedWeights.h"

namespace quipu {

/// What a program that makes its weights at the start fills those of the tensor
/// with: matrices and biases with numbers of about abi::randomDeviation, all
/// other vectors with ones.
std::vector<abi::RandomPart> getRandomParts(const PackedTensor &packed);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_RANDOMWEIGHTS_H
