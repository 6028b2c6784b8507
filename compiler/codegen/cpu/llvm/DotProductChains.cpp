//===- DotProductChains.cpp - The sums of blocks of columns ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/DotProductChains.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace quipu::cpu;

static constexpr unsigned columnBytes = 4; // of one dot product

static Value *stripCasts(Value *value) {
  while (auto *cast = dyn_cast<BitCastInst>(value))
    value = cast->getOperand(0);
  return value;
}

/// The load of the 32 bits that all lanes of the activations are.
static LoadInst *getWord(Value *activations) {
  while (true) {
    activations = stripCasts(activations);
    auto *shuffle = dyn_cast<ShuffleVectorInst>(activations);
    int first;
    if (!shuffle || !shuffle->isExtractSubvectorMask(first) ||
        first * shuffle->getType()->getScalarSizeInBits() % 32)
      break;
    activations = shuffle->getOperand(0); // is wider, of the same words
  }
  auto *load = dyn_cast_or_null<LoadInst>(getSplatValue(activations));
  return load && load->isSimple() && load->getType()->isIntegerTy(32) ? load
                                                                      : nullptr;
}

bool quipu::cpu::areSideBySide(ArrayRef<LoadInst *> loads, int64_t bytes) {
  const Value *base = nullptr;
  APInt first(64, 0);
  for (auto [index, load] : enumerate(loads)) {
    APInt offset(64, 0);
    const Value *other =
        load->getPointerOperand()->stripAndAccumulateConstantOffsets(
            load->getDataLayout(), offset, /*AllowNonInbounds=*/true);
    if (index == 0) {
      base = other;
      first = offset;
    } else if (other != base ||
               (offset - first).getSExtValue() != bytes * int64_t(index)) {
      return false;
    }
  }
  return true;
}

static IntrinsicInst *asDot(Value *value, Intrinsic::ID dot) {
  auto *call = dyn_cast<IntrinsicInst>(value);
  return call && call->getIntrinsicID() == dot ? call : nullptr;
}

/// The chain that ends with `last`.
static DotProductChain getChain(IntrinsicInst *last) {
  DotProductChain chain;
  Intrinsic::ID dot = last->getIntrinsicID();
  for (IntrinsicInst *next = last; next;) {
    chain.dots.insert(chain.dots.begin(), next);
    next = asDot(next->getArgOperand(0), dot);
    if (next && (!next->hasOneUse() || next->getParent() != last->getParent()))
      next = nullptr;
  }
  for (IntrinsicInst *call : chain.dots) {
    chain.weights.push_back(stripCasts(call->getArgOperand(1)));
    if (LoadInst *word = getWord(call->getArgOperand(2));
        word && word->getParent() == last->getParent())
      chain.words.push_back(word);
  }
  return chain;
}

std::vector<TokenChains> quipu::cpu::findDotProductChains(BasicBlock &block,
                                                          Intrinsic::ID dot) {
  MapVector<ArrayRef<Value *>, TokenChains> found;
  std::vector<DotProductChain> chains;
  for (Instruction &op : block) {
    IntrinsicInst *last = asDot(&op, dot);
    if (!last || any_of(op.users(), [&](User *user) {
          IntrinsicInst *next = asDot(user, dot);
          return next && next->getArgOperand(0) == last && op.hasOneUse() &&
                 next->getParent() == &block;
        }))
      continue;
    DotProductChain chain = getChain(last);
    if (chain.words.size() == chain.size() &&
        areSideBySide(chain.words, columnBytes))
      chains.push_back(std::move(chain));
  }
  for (const DotProductChain &chain : chains)
    found[chain.weights].push_back(chain);
  std::vector<TokenChains> result;
  for (auto &[weights, tokens] : found)
    result.push_back(std::move(tokens));
  return result;
}

bool quipu::cpu::canLoadAt(Instruction *place, LoadInst *load,
                           AAResults &aliases) {
  Instruction *from = load, *to = place;
  if (to->comesBefore(from))
    std::swap(from, to);
  MemoryLocation location = MemoryLocation::get(load);
  return none_of(make_range(from->getIterator(), to->getIterator()),
                 [&](Instruction &op) {
                   return op.mayWriteToMemory() &&
                          isModSet(aliases.getModRefInfo(&op, location));
                 });
}

bool quipu::cpu::canEndAt(Instruction *place, const DotProductChain &chain) {
  return none_of(chain.getResult()->users(), [&](User *user) {
    auto *op = cast<Instruction>(user);
    return op->getParent() == place->getParent() && !isa<PHINode>(op) &&
           op->comesBefore(place);
  });
}

void quipu::cpu::replaceChain(const DotProductChain &chain, Value *sums) {
  chain.getResult()->replaceAllUsesWith(sums);
  RecursivelyDeleteTriviallyDeadInstructions(chain.getResult());
}
