//===- Version.cpp - What a program is made of ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Version.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Variant.h"

using namespace quipu;

static std::string describe(const abi::Program &program,
                            const abi::State &state) {
  int32_t window = program.pools[state.pool].window;
  return std::string(state.name) + ", " + std::to_string(state.layers) +
         " layers of " + std::to_string(state.heads) + " heads, keys of " +
         std::to_string(state.keyDim) + " and values of " +
         std::to_string(state.valueDim) + " numbers" +
         (state.valuesInKeys ? ", the first of the keys'" : "") +
         (window ? ", window of " + std::to_string(window) + " positions" : "");
}

std::string quipu::versionText(const abi::Program &program) {
  auto megabytes = [](uint64_t bytes) {
    char text[32];
    snprintf(text, sizeof(text), "%.1f MB", static_cast<double>(bytes) / 1e6);
    return std::string(text);
  };
  std::string target = variantNames(program), error, states;
  const abi::Variant *variant = program.variants;
  if (program.variantCount > 1) {
    variant = chooseVariant(program, error);
    target += std::string("\nhere runs:    ") +
              (variant ? variant->target : "none of them");
  }
  if (variant)
    target += std::string("\nfeatures:     ") + variant->features;
  int64_t cached = 0; // numbers of a token
  for (int32_t i = 0; i < program.poolCount; ++i)
    cached += program.pools[i].numbers;
  for (int32_t i = 0; i < program.stateCount; ++i)
    states += "state:        " + describe(program, program.states[i]) + "\n";
  return std::string("model:        ") + program.name +
         "\narchitecture: " + program.architecture +
         "\nentries:      " + entryNames(program) +
         "\ntarget:       " + target + "\nformats:      " + program.formats +
         "\nweights:      " + megabytes(program.weightBytes) +
         (program.weights ? ""
                          : ", random, from the seed " +
                                std::to_string(program.randomSeed)) +
         "\ncontext:      " + std::to_string(program.context) + "\n" + states +
         "cache:        " +
         std::to_string(abi::getPageBytes(abi::CacheType::F16, cached) /
                        abi::pagePositions) +
         " bytes a token, in f16\ncompiler:     " + program.compiler + "\n";
}
