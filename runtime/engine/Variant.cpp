//===- Variant.cpp - The code that suits the processor --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Variant.h"
#include "runtime/engine/Processor.h"
#include <cstdlib>
#include <string_view>

using namespace quipu;

const abi::Variant *quipu::chooseVariant(const abi::Program &program,
                                         std::string &error) {
  const char *wanted = getenv("QUIPU_VARIANT");
  if (wanted && !*wanted)
    wanted = nullptr;
  std::string missing;
  for (int32_t i = 0; i < program.variantCount; ++i) {
    const abi::Variant &variant = program.variants[i];
    if (wanted && std::string_view(wanted) != variant.target)
      continue;
    missing = missingFeature(variant.features);
    if (missing.empty())
      return &variant;
  }
  if (missing.empty())
    error = std::string("QUIPU_VARIANT is '") + wanted +
            "', but this program has the variants " + variantNames(program);
  else
    error = "this program needs " + missing +
            ", which this processor lacks; rebuild it with --target=native "
            "here, or with a --target that fits both";
  return nullptr;
}

std::string quipu::variantNames(const abi::Program &program) {
  std::string names;
  for (int32_t i = 0; i < program.variantCount; ++i)
    names += (i ? ", " : "") + std::string(program.variants[i].target);
  return names;
}
