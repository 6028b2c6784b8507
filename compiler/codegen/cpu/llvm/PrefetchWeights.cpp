//===- PrefetchWeights.cpp - Reading weights ahead ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/PrefetchWeights.h"
#include "abi/Abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

static constexpr int64_t lineBytes = 64;

/// Bytes between what is read and what is asked for. A processor follows a
/// stream by itself, but begins late and may stop at the end of a page.
static constexpr int64_t distance = 1024;

/// Whether `pointer` is made from StepArgs::weights.
static bool isWeight(const Value *pointer, const Function &kernel) {
  auto *base =
      dyn_cast<LoadInst>(getUnderlyingObject(pointer, /*MaxLookup=*/0));
  if (!base || kernel.arg_empty())
    return false;
  APInt field(64, 0);
  const Value *args =
      base->getPointerOperand()->stripAndAccumulateConstantOffsets(
          kernel.getDataLayout(), field, /*AllowNonInbounds=*/true);
  return args == kernel.getArg(0) &&
         field == offsetof(quipu::abi::StepArgs, weights);
}

/// Whether `place` moves with every loop from `loop` outwards.
static bool movesAlways(const SCEV *place, const Loop *loop) {
  for (; loop; loop = loop->getParentLoop()) {
    auto *steps = dyn_cast<SCEVAddRecExpr>(place);
    if (!steps || steps->getLoop() != loop)
      return false;
    place = steps->getStart();
  }
  return true;
}

namespace {
/// A line of the cache that a loop reads, counted from where the first load of
/// the same stream begins.
struct Line {
  LoadInst *load;
  const SCEV *first;
  int64_t number;
};
} // namespace

static void addLine(SmallVectorImpl<Line> &lines, LoadInst *load,
                    const SCEV *place, ScalarEvolution &evolution) {
  Line line{load, place, 0};
  for (const Line &other : lines)
    if (std::optional<APInt> bytes =
            evolution.computeConstantDifference(place, other.first)) {
      line.first = other.first;
      line.number = divideFloorSigned(bytes->getSExtValue(), lineBytes);
      break;
    }
  if (none_of(lines, [&](const Line &other) {
        return other.first == line.first && other.number == line.number;
      }))
    lines.push_back(line);
}

void quipu::cpu::prefetchWeights(Function &kernel) {
  DominatorTree dominators(kernel);
  LoopInfo loops(dominators);
  AssumptionCache assumptions(kernel);
  TargetLibraryInfoImpl libraries(kernel.getParent()->getTargetTriple());
  TargetLibraryInfo library(libraries);
  ScalarEvolution evolution(kernel, library, assumptions, dominators, loops);

  for (Loop *loop : loops.getLoopsInPreorder()) {
    SmallVector<Line> lines;
    for (BasicBlock *block : loop->blocks())
      for (Instruction &op : *block) {
        auto *load = dyn_cast<LoadInst>(&op);
        if (!load || loops.getLoopFor(block) != loop ||
            !load->getType()->isVectorTy() ||
            !isWeight(load->getPointerOperand(), kernel))
          continue;
        const SCEV *place = evolution.getSCEV(load->getPointerOperand());
        if (movesAlways(place, loop))
          addLine(lines, load, place, evolution);
      }
    for (const Line &line : lines) {
      IRBuilder<> builder(line.load);
      Value *ahead = builder.CreatePtrAdd(line.load->getPointerOperand(),
                                          builder.getInt64(distance));
      enum { ForReading = 0, IntoSecondLevelCache = 2, AsData = 1 };
      builder.CreateIntrinsic(Intrinsic::prefetch, {ahead->getType()},
                              {ahead, builder.getInt32(ForReading),
                               builder.getInt32(IntoSecondLevelCache),
                               builder.getInt32(AsData)});
    }
  }
}
