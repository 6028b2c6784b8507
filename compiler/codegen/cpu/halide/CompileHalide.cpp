//===- CompileHalide.cpp - From Halide functions to bitcode ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/halide/CompileHalide.h"

#include "Halide.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace quipu::cpu;
using namespace Halide;

static Target halideTarget(llvm::StringRef arch,
                           llvm::ArrayRef<std::string> features) {
  auto has = [&](llvm::StringRef f) { return llvm::is_contained(features, f); };
  Target target;
  target.os = Target::Linux;
  target.arch = arch == "aarch64" ? Target::ARM : Target::X86;
  target.bits = 64;
  // 64-bit offsets: the cache of a layer may have more than 2^31 elements.
  target.set_features({Target::NoRuntime, Target::NoAsserts,
                       Target::NoBoundsQuery, Target::StrictFloat,
                       Target::LargeBuffers});
  auto map = [&](llvm::StringRef llvmName, Target::Feature feature) {
    if (has(llvmName))
      target.set_feature(feature);
  };
  map("sse4.1", Target::SSE41);
  map("avx", Target::AVX);
  map("f16c", Target::F16C);
  map("fma", Target::FMA);
  map("avx2", Target::AVX2);
  map("dotprod", Target::ARMDotProd);
  map("fullfp16", Target::ARMFp16);
  // Halide asks for Zen 4 before it uses vpdpbusd, the only instruction of
  // AVX-512 that it names in these kernels; see LowerDotProducts.h for
  // processors without it.
  if (has("avx2") && has("fma") && has("f16c"))
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

llvm::Error quipu::cpu::catchHalide(llvm::StringRef kernel,
                                    llvm::function_ref<void()> build) {
  static QuietReporter reporter;
  set_custom_compile_time_error_reporter(&reporter);
  try {
    build();
  } catch (const Halide::Error &error) {
    return llvm::createStringError("kernel '" + kernel +
                                   "' cannot be generated: " + error.what());
  }
  return llvm::Error::success();
}

llvm::Expected<std::string> quipu::cpu::compileHalide(
    const Pipeline &pipeline, const std::vector<Argument> &arguments,
    const std::string &name, llvm::StringRef arch,
    llvm::ArrayRef<std::string> features, KernelOutput output) {
  bool isBitcode = output == KernelOutput::Bitcode;
  llvm::SmallString<128> path;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile(
          "quipu", isBitcode ? "bc" : "stmt", path))
    return llvm::createStringError(error, "cannot create a temporary file: " +
                                              error.message());
  llvm::FileRemover remover(path);
  OutputFileType type =
      isBitcode ? OutputFileType::bitcode : OutputFileType::stmt;
  Pipeline copy = pipeline;
  if (llvm::Error error = catchHalide(name, [&] {
        copy.compile_to({{type, path.str().str()}}, arguments, name,
                        halideTarget(arch, features));
      }))
    return std::move(error);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::errorCodeToError(buffer.getError());
  return (*buffer)->getBuffer().str();
}
