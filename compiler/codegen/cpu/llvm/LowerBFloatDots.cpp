//===- LowerBFloatDots.cpp - Dot products of bf16 pairs -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/LowerBFloatDots.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace {
enum Half { Even, Odd };

/// What a product multiplies: 32-bit words, each a lane, or one for all lanes.
struct Words {
  Value *lhs, *rhs;
};
} // namespace

/// The words whose halves `numbers` are: a vector, or a scalar for all lanes;
/// null for other numbers.
static Value *getWords(Value *numbers, Half half) {
  bool isSplat = false;
  auto stripOne = [&] {
    if (match(numbers, m_Shuffle(m_Value(numbers), m_Value(), m_ZeroMask())))
      return isSplat = true;
    return match(numbers, m_BitCast(m_Value(numbers))) ||
           (isSplat && match(numbers, m_InsertElt(m_Value(), m_Value(numbers),
                                                  m_ZeroInt())));
  };
  while (stripOne())
    ;
  Value *words;
  bool isHalf =
      half == Odd
          ? match(numbers, m_And(m_Value(words), m_SpecificInt(0xffff0000)))
          : match(numbers, m_Shl(m_Value(words), m_SpecificInt(16)));
  return isHalf && isSplat != words->getType()->isVectorTy() ? words : nullptr;
}

/// Whether `op` multiplies by the odd half of one word for all lanes.
static bool multipliesActivation(Instruction &op) {
  return op.getOpcode() == Instruction::FMul &&
         any_of(op.operands(), [](Value *factor) {
           Value *words = getWords(factor, Odd);
           return words && !words->getType()->isVectorTy();
         });
}

static std::optional<Words> getProduct(Value *value, Half half) {
  Value *lhs, *rhs;
  if (!match(value, m_FMul(m_Value(lhs), m_Value(rhs))))
    return std::nullopt;
  Words words{getWords(lhs, half), getWords(rhs, half)};
  if (!words.lhs || !words.rhs)
    return std::nullopt;
  // The same order in both halves.
  if (words.rhs < words.lhs)
    std::swap(words.lhs, words.rhs);
  return words;
}

/// One instruction for as many lanes as it has.
static Value *createDot(IRBuilder<> &builder, Value *sums, Value *lhs,
                        Value *rhs) {
  auto *type = cast<FixedVectorType>(sums->getType());
  auto *pairs =
      FixedVectorType::get(builder.getBFloatTy(), 2 * type->getNumElements());
  lhs = builder.CreateBitCast(lhs, pairs);
  rhs = builder.CreateBitCast(rhs, pairs);
  return type->getNumElements() == 16
             ? builder.CreateIntrinsic(Intrinsic::x86_avx512bf16_dpbf16ps_512,
                                       {sums, lhs, rhs})
             : builder.CreateIntrinsic(Intrinsic::aarch64_neon_bfdot,
                                       {type, pairs}, {sums, lhs, rhs});
}

/// Replaces the sum of an even product and of what an odd one was added to.
static bool replaceDot(Instruction &op, int lanes) {
  Value *sums;
  Instruction *even, *odd;
  auto product = [](Instruction *&op) {
    return m_CombineAnd(m_Instruction(op), m_FMul(m_Value(), m_Value()));
  };
  if (!match(&op,
             m_c_FAdd(m_c_FAdd(m_Value(sums), product(odd)), product(even))))
    return false;
  std::optional<Words> evens = getProduct(even, Even),
                       odds = getProduct(odd, Odd);
  auto *type = dyn_cast<FixedVectorType>(op.getType());
  if (!evens || !odds || evens->lhs != odds->lhs || evens->rhs != odds->rhs ||
      !type || type->getNumElements() % lanes)
    return false;

  IRBuilder<> builder(&op);
  int count = type->getNumElements();
  auto getVector = [&](Value *words) {
    return words->getType()->isVectorTy()
               ? words
               : builder.CreateVectorSplat(count, words);
  };
  // An instruction may read a splat, as its last operand, from memory.
  auto [lhs, rhs] = *odds;
  if (!lhs->getType()->isVectorTy())
    std::swap(lhs, rhs);
  lhs = getVector(lhs);
  rhs = getVector(rhs);
  SmallVector<Value *> parts;
  for (int begin = 0; begin < count; begin += lanes) {
    auto cut = [&](Value *vector) {
      return builder.CreateShuffleVector(
          vector, to_vector(seq<int>(begin, begin + lanes)));
    };
    parts.push_back(createDot(builder, cut(sums), cut(lhs), cut(rhs)));
  }
  op.replaceAllUsesWith(concatenateVectors(builder, parts));
  return true;
}

Error quipu::cpu::lowerBFloatDots(Module &kernel,
                                  ArrayRef<std::string> features) {
  int lanes = is_contained(features, "avx512bf16") ? 16
              : is_contained(features, "bf16")     ? 4
                                                   : 0;
  if (!lanes)
    return Error::success();
  for (Function &function : kernel) {
    SmallVector<WeakTrackingVH> replaced;
    for (Instruction &op : instructions(function))
      if (replaceDot(op, lanes))
        replaced.push_back(&op);
    RecursivelyDeleteTriviallyDeadInstructions(replaced);
    for (Instruction &op : instructions(function))
      if (multipliesActivation(op))
        return createStringError(function.getName() +
                                 " has a dot product of bf16 in another form "
                                 "than Halide's");
  }
  return Error::success();
}
