//===- CompileHalide.cpp - From Halide functions to bitcode ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/CompileHalide.h"

#include "compiler/codegen/cpu/halide/HalideOps.h"
#include "support/Subprocess.h"
#include "llvm/ADT/STLExtras.h"

using namespace quipu::cpu;
using namespace Halide;

static Target halideTarget(quipu::CpuAttr cpu) {
  Target target;
  target.os = Target::Linux;
  target.arch = cpu.isArm() ? Target::ARM : Target::X86;
  target.bits = 64;
  // 64-bit offsets: the cache of a layer may have more than 2^31 elements.
  target.set_features({Target::NoRuntime, Target::NoAsserts,
                       Target::NoBoundsQuery, Target::StrictFloat,
                       Target::LargeBuffers});
  auto add = [&](llvm::StringRef name, Target::Feature feature) {
    if (feature != Target::FeatureEnd && cpu.has(name))
      target.set_feature(feature);
  };
#define X86_FEATURE(NAME, NEEDS, BRINGS, HALIDE)                               \
  if (!cpu.isArm())                                                            \
    add(NAME, Target::HALIDE);
#define ARM_FEATURE(NAME, WORD, BIT, BRINGS, HALIDE)                           \
  if (cpu.isArm())                                                             \
    add(NAME, Target::HALIDE);
#include "abi/CpuFeatures.def"
  // Halide asks for Zen 4 before it uses vpdpbusd, the only instruction of
  // AVX-512 that it names in these kernels; see LowerDotProducts.h for
  // processors without it.
  if (cpu.has("avx2") && cpu.has("fma") && cpu.has("f16c"))
    target.set_features({Target::AVX512, Target::AVX512_Skylake,
                         Target::AVX512_Cannonlake, Target::AVX512_Zen4});
  return target;
}

namespace {
/// Halide warns of slow types on standard error, where users cannot help it.
class QuietReporter : public CompileTimeErrorReporter {
  void warning(const char *) override {}
  void error(const char *message) override { throw CompileError(message); }
};
} // namespace

/// Halide numbers names that recur, through all kernels that it compiles, and
/// goes by the order of names in places, where "dot$10" is before "dot$9". So
/// that a kernel's code does not depend on how many were compiled before it,
/// all numbers have four digits: more than 9,999 of a name are in no program. A
/// name that is missing here fails test/codegen/cpu/halide/names.test.
static bool widenNumbers() {
  static const char *const names[] = {
      "accumulator",  "block",        "bytes",          "cache",
      "codes",        "dot",          "dots",           "elementwise",
      "embedding",    "ends",         "factor",         "floor",
      "half_total",   "head",         "input",          "inverse",
      "joined",       "largest",      "limited",        "linear",
      "mean",         "norm_factor",  "normed",         "numbers",
      "pairs",        "partial",      "partial_folded", "query_largest",
      "result",       "rope",         "rounded",        "row",
      "rows",         "scaled",       "scales",         "score",
      "signed_bytes", "start",        "stored",         "sum",
      "top",          "value",        "value_scale",    "value_weight",
      "weight",       "weighted_sum", "weights"};
  for (int i = 0; i < 1000; ++i) {
    for (char letter = 'a'; letter <= 'z'; ++letter)
      Internal::unique_name(letter);
    for (const char *name : names)
      Internal::unique_name(std::string(name));
  }
  return true;
}

llvm::Error quipu::cpu::catchHalide(llvm::StringRef kernel,
                                    llvm::function_ref<void()> build) {
  static QuietReporter reporter;
  [[maybe_unused]] static bool areWide = widenNumbers();
  set_custom_compile_time_error_reporter(&reporter);
  try {
    build();
  } catch (const Halide::Error &error) {
    return llvm::createStringError("kernel '" + kernel +
                                   "' cannot be generated: " + error.what());
  }
  return llvm::Error::success();
}

llvm::Expected<std::string>
quipu::cpu::compileHalide(const HalideFunction &function, CpuAttr cpu,
                          KernelOutput output) {
  bool isBitcode = output == KernelOutput::Bitcode;
  MemoryFile file;
  if (std::string error = file.create(); !error.empty())
    return llvm::createStringError(error);
  OutputFileType type =
      isBitcode ? OutputFileType::bitcode : OutputFileType::stmt;
  Pipeline pipeline = function.pipeline;
  if (llvm::Error error = catchHalide(function.name, [&] {
        pipeline.compile_to({{type, file.path()}}, function.arguments,
                            function.name, halideTarget(cpu));
      }))
    return std::move(error);
  std::string content;
  if (std::string error = file.read(content); !error.empty())
    return llvm::createStringError(error);
  return content;
}
