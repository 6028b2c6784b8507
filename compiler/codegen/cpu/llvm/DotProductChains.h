//===- DotProductChains.h - The sums of blocks of columns -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_LLVM_DOTPRODUCTCHAINS_H
#define QUIPU_COMPILER_CODEGEN_CPU_LLVM_DOTPRODUCTCHAINS_H

#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/IR/IntrinsicInst.h"

namespace quipu::cpu {

/// dot(...dot(dot(start, w0, x0), w1, x1)..., wn, xn), the sums of one token
/// and as many output rows as a register has lanes. Each weight holds four
/// columns of these rows, each activation the same columns of the token, for
/// all rows.
struct DotProductChain {
  llvm::SmallVector<llvm::IntrinsicInst *, 8> dots; // in order
  llvm::SmallVector<llvm::Value *, 8> weights;      // without casts
  /// Where the activations are from, four at a time and side by side in memory.
  llvm::SmallVector<llvm::LoadInst *, 8> words;

  size_t size() const { return dots.size(); }
  llvm::Value *getStart() const { return dots.front()->getArgOperand(0); }
  llvm::Instruction *getResult() const { return dots.back(); }
};

/// The chains of one block of instructions with the same weights: one for each
/// token, in the order of their last products.
using TokenChains = std::vector<DotProductChain>;

std::vector<TokenChains> findDotProductChains(llvm::BasicBlock &block,
                                              llvm::Intrinsic::ID dot);

/// Whether each load is from `bytes` behind the one before.
bool areSideBySide(llvm::ArrayRef<llvm::LoadInst *> loads, int64_t bytes);

/// Whether memory holds at `place`, in the same block, what is loaded.
bool canLoadAt(llvm::Instruction *place, llvm::LoadInst *load,
               llvm::AAResults &aliases);

/// Whether the chain's result is not needed before `place`.
bool canEndAt(llvm::Instruction *place, const DotProductChain &chain);

/// Takes the chain's place.
void replaceChain(const DotProductChain &chain, llvm::Value *sums);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_LLVM_DOTPRODUCTCHAINS_H
