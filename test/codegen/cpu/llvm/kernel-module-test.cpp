//===- kernel-module-test.cpp - What becomes of a kernel's bitcode --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: kernel-module-test FEATURES [PASS] < IN > OUT
//          FEATURES as in "avx,avx2", IN and OUT are bitcode: of a kernel as
//          Halide writes it, or of what PASS alone is to change
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/JoinBytes.h"
#include "compiler/codegen/cpu/llvm/KernelModule.h"
#include "compiler/codegen/cpu/llvm/LowerBFloatDots.h"
#include "compiler/codegen/cpu/llvm/LowerDotProducts.h"
#include "compiler/codegen/cpu/llvm/LowerLookUps.h"
#include "compiler/codegen/cpu/llvm/PairDotProducts.h"
#include "compiler/codegen/cpu/llvm/PassAnalyses.h"
#include "compiler/codegen/cpu/llvm/PrefetchWeights.h"
#include "compiler/codegen/cpu/llvm/TileDotProducts.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu::cpu;

template <typename Pass> static void runOnFunctions(Module &module, Pass pass) {
  PassBuilder builder;
  PassAnalyses analyses(builder);
  for (Function &function : module)
    if (!function.isDeclaration())
      pass.run(function, analyses.functions);
}

static Error runPass(StringRef name, Module &module,
                     ArrayRef<std::string> features) {
  if (name == "lower-look-ups")
    lowerLookUps(module, features);
  else if (name == "join-bytes")
    runOnFunctions(module, JoinBytes());
  else if (name == "pair-dot-products")
    runOnFunctions(module, PairDotProducts());
  else if (name == "tile-dot-products")
    runOnFunctions(module, TileDotProducts());
  else if (name == "lower-dot-products")
    return lowerDotProducts(module, features);
  else if (name == "lower-bfloat-dots")
    return lowerBFloatDots(module, features);
  else if (name == "prefetch-weights")
    for_each(make_filter_range(
                 module,
                 [](Function &function) { return !function.isDeclaration(); }),
             prefetchWeights);
  else
    return createStringError("there is no pass '" + name + "'");
  return Error::success();
}

int main(int argc, char **argv) {
  ExitOnError check("kernel-module-test: ");
  SmallVector<StringRef> names;
  StringRef(argv[1]).split(names, ',');
  std::vector<std::string> features(names.begin(), names.end());
  auto input = check(errorOrToExpected(MemoryBuffer::getSTDIN()));
  LLVMContext context;
  std::unique_ptr<Module> module;
  if (argc == 2) {
    module =
        check(parseKernel(input->getBuffer(), "kernel", features, context));
  } else {
    module = check(parseBitcodeFile(*input, context));
    check(runPass(argv[2], *module, features));
  }
  if (verifyModule(*module, &errs()))
    return 1;
  WriteBitcodeToFile(*module, outs());
}
