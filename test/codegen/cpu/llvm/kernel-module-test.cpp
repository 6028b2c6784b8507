//===- kernel-module-test.cpp - What becomes of a kernel's bitcode --------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: kernel-module-test FEATURES < IN > OUT
//          FEATURES as in "avx,avx2", both are bitcode
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/KernelModule.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

int main(int argc, char **argv) {
  ExitOnError check("kernel-module-test: ");
  SmallVector<StringRef> names;
  StringRef(argv[1]).split(names, ',');
  std::vector<std::string> features(names.begin(), names.end());
  auto input = check(errorOrToExpected(MemoryBuffer::getSTDIN()));
  LLVMContext context;
  auto module = check(
      quipu::cpu::parseKernel(input->getBuffer(), "kernel", features, context));
  WriteBitcodeToFile(*module, outs());
}
