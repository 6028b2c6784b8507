//===- JoinBytes.cpp - Words that need not be taken apart -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/JoinBytes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

/// Whether `value` is `words` >> `shift`. LLVM leaves out a mask of bits that
/// are zero anyway: ((x >> 4) & 0x0f0f0f0f) >> 24 is x >> 28.
static bool isShifted(Value *value, Value *words, uint64_t shift) {
  Value *base;
  const APInt *inner, *mask;
  return match(value, m_LShr(m_Specific(words), m_SpecificInt(shift))) ||
         (match(words,
                m_And(m_LShr(m_Value(base), m_APInt(inner)), m_APInt(mask))) &&
          match(value,
                m_LShr(m_Specific(base), m_SpecificInt(*inner + shift))) &&
          mask->lshr(shift) ==
              APInt::getAllOnes(mask->getBitWidth()).lshr(*inner + shift));
}

/// The words whose bytes, from the lowest on, the four vectors are.
static Value *getWords(IntrinsicInst &store) {
  Value *words, *shifted;
  if (!match(store.getArgOperand(0), m_Trunc(m_Value(words))) ||
      words->getType()->getScalarSizeInBits() != 32 ||
      store.getArgOperand(0)->getType()->getScalarSizeInBits() != 8)
    return nullptr;
  for (uint64_t byte : {1, 2, 3})
    if (!match(store.getArgOperand(byte), m_Trunc(m_Value(shifted))) ||
        !isShifted(shifted, words, 8 * byte))
      return nullptr;
  return words;
}

PreservedAnalyses quipu::cpu::JoinBytes::run(Function &kernel,
                                             FunctionAnalysisManager &) {
  for (Instruction &op : make_early_inc_range(instructions(kernel))) {
    auto *store = dyn_cast<IntrinsicInst>(&op);
    if (!store || store->getIntrinsicID() != Intrinsic::aarch64_neon_st4)
      continue;
    Value *words = getWords(*store);
    if (!words)
      continue;
    SmallVector<WeakTrackingVH> bytes(drop_end(store->args()));
    IRBuilder<>(store).CreateAlignedStore(words, store->getArgOperand(4),
                                          Align(1));
    store->eraseFromParent();
    RecursivelyDeleteTriviallyDeadInstructionsPermissive(bytes);
  }
  return PreservedAnalyses::none();
}
