//===- Variant.h - The code that suits the processor ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_VARIANT_H
#define QUIPU_RUNTIME_ENGINE_VARIANT_H

#include "abi/Abi.h"
#include <string>

namespace quipu {

/// The first variant of the program that the processor can run, or the one that
/// the environment's QUIPU_VARIANT names; null after setting `error` to a
/// sentence when there is none.
const abi::Variant *chooseVariant(const abi::Program &program,
                                  std::string &error);

/// "x86-64-v4+avx512vnni, x86-64-v3".
std::string variantNames(const abi::Program &program);

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_VARIANT_H
