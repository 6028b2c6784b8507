//===- WeightsSymbol.cpp - Where code finds the weights -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/WeightsSymbol.h"
#include "abi/Symbols.h"

using namespace llvm;
using namespace quipu;

GlobalVariable *quipu::addWeightsSymbol(Module &module, uint64_t bytes) {
  bool isX86 = module.getTargetTriple().isX86();
  // "Large" (l) keeps them away from code, which then reaches its data with
  // 32-bit offsets whatever the size of the weights.
  module.appendModuleInlineAsm(
      (Twine(".section ") + abi::weightsSection + ",\"a" + (isX86 ? "l" : "") +
       "\",%nobits\n.globl " + abi::weightsSymbol + "\n.hidden " +
       abi::weightsSymbol + "\n.type " + abi::weightsSymbol +
       ",%object\n.size " + abi::weightsSymbol + "," + Twine(bytes) +
       "\n.balign " + Twine(bytes < abi::hugePage ? 4096 : abi::hugePage) +
       "\n" + abi::weightsSymbol + ":\n.zero " + Twine(bytes))
          .str());
  auto *global = new GlobalVariable(
      module, Type::getInt8Ty(module.getContext()), /*isConstant=*/true,
      GlobalValue::ExternalLinkage, nullptr, abi::weightsSymbol);
  global->setVisibility(GlobalValue::HiddenVisibility);
  if (isX86)
    global->setCodeModel(CodeModel::Large);
  return global;
}
