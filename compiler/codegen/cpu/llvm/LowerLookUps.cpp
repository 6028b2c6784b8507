//===- LowerLookUps.cpp - Table look-ups as byte shuffles -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/LowerLookUps.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/Local.h"

#include <optional>

using namespace llvm;
using namespace llvm::PatternMatch;

namespace {
struct LookUp {
  static constexpr uint64_t last = 15; // stands for the indices above it, too
  Value *index = nullptr;
  std::optional<uint8_t> table[last + 1];

  /// index == 0 ? table[0] : index == 1 ? table[1] : ... : table[15], in any
  /// order of the first 15.
  bool match(Value *value) {
    CmpPredicate predicate;
    Value *compared, *other;
    const APInt *place, *byte;
    while (PatternMatch::match(
        value, m_Select(m_ICmp(predicate, m_Value(compared), m_APInt(place)),
                        m_APInt(byte), m_Value(other)))) {
      if (predicate != CmpInst::ICMP_EQ || (index && compared != index) ||
          place->uge(last) || table[place->getZExtValue()])
        return false;
      index = compared;
      table[place->getZExtValue()] = byte->getZExtValue();
      value = other;
    }
    if (!PatternMatch::match(value, m_APInt(byte)) ||
        !all_of(drop_end(table), [](auto &entry) { return entry.has_value(); }))
      return false;
    table[last] = byte->getZExtValue();
    return index->getType() == value->getType();
  }
};

/// A shuffle instruction: each 16 of `lanes` bytes by indices below 16.
struct Shuffle {
  Intrinsic::ID id;
  int lanes;
};
} // namespace

static std::optional<Shuffle> getShuffle(const Module &kernel,
                                         ArrayRef<std::string> features) {
  if (kernel.getTargetTriple().isAArch64())
    return Shuffle{Intrinsic::aarch64_neon_tbl1, 16};
  if (is_contained(features, "avx512bw"))
    return Shuffle{Intrinsic::x86_avx512_pshuf_b_512, 64};
  if (is_contained(features, "avx2"))
    return Shuffle{Intrinsic::x86_avx2_pshuf_b, 32};
  return std::nullopt;
}

static Value *lower(const LookUp &lookUp, Shuffle shuffle,
                    IRBuilder<> &builder) {
  auto *type = FixedVectorType::get(builder.getInt8Ty(), shuffle.lanes);
  SmallVector<Constant *> table;
  for (int lane = 0; lane < shuffle.lanes; ++lane)
    table.push_back(builder.getInt8(*lookUp.table[lane % 16]));
  Value *index = builder.CreateBinaryIntrinsic(
      Intrinsic::umin, lookUp.index,
      ConstantInt::get(lookUp.index->getType(), LookUp::last));
  int lanes = cast<FixedVectorType>(index->getType())->getNumElements();
  SmallVector<Value *> parts;
  for (int lane = 0; lane < lanes; lane += shuffle.lanes) {
    Value *part = builder.CreateShuffleVector(
        index, to_vector(seq(lane, lane + shuffle.lanes)));
    Value *bytes[] = {ConstantVector::get(table), part};
    // Arm's is one intrinsic for several types.
    parts.push_back(Intrinsic::isOverloaded(shuffle.id)
                        ? builder.CreateIntrinsic(shuffle.id, type, bytes)
                        : builder.CreateIntrinsic(shuffle.id, bytes));
  }
  return concatenateVectors(builder, parts);
}

void quipu::cpu::lowerLookUps(Module &kernel, ArrayRef<std::string> features) {
  std::optional<Shuffle> shuffle = getShuffle(kernel, features);
  if (!shuffle)
    return;
  for (Function &function : kernel) {
    // The last selection is a look-up's result.
    SmallVector<WeakTrackingVH> selections;
    for (Instruction &op : instructions(function))
      if (isa<SelectInst>(op))
        selections.push_back(&op);
    for (WeakTrackingVH &handle : reverse(selections)) {
      auto *selection = dyn_cast_or_null<SelectInst>(handle);
      auto *type =
          selection ? dyn_cast<FixedVectorType>(selection->getType()) : nullptr;
      LookUp lookUp;
      if (!type || type->getNumElements() % shuffle->lanes ||
          !lookUp.match(selection))
        continue;
      IRBuilder<> builder(selection);
      selection->replaceAllUsesWith(lower(lookUp, *shuffle, builder));
      RecursivelyDeleteTriviallyDeadInstructions(selection);
    }
  }
}
