//===- Floats.cpp - F32, F16 and BF16 -------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weights/formats/WeightFormat.h"

namespace quipu {
const WeightFormat formatF32{"F32", 0, 1, 4};
const WeightFormat formatF16{"F16", 1, 1, 2};
const WeightFormat formatBF16{"BF16", 30, 1, 2};
} // namespace quipu
