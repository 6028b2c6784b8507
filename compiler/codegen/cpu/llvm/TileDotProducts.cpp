//===- TileDotProducts.cpp - Products of matrices on x86 ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile register has up to 16 rows of 64 bytes. Weights are one as they lie in
// memory: a row holds four columns of 16 output rows. A row of the activations'
// tile is a token, one of the sums' tile its 16 sums. LLVM configures the
// tiles.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/TileDotProducts.h"
#include "compiler/codegen/cpu/llvm/DotProductChains.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace llvm;
using namespace quipu::cpu;

static constexpr size_t maxRows = 16;
static constexpr int64_t rowBytes = 64;

namespace {
/// The tokens of a block that multiply the same weights.
class TokenTile {
public:
  TokenTile(TokenChains tokens, FunctionAnalysisManager &analyses)
      : chains(std::move(tokens)), end(chains.back().getResult()),
        aliases(analyses.getResult<AAManager>(*end->getFunction())),
        evolution(
            analyses.getResult<ScalarEvolutionAnalysis>(*end->getFunction())) {}

  /// Of all tiles, before one is replaced.
  bool canReplace() {
    if (chains.size() != maxRows || chains.front().size() > maxRows)
      return false;
    SmallVector<LoadInst *> loads;
    for (Value *value : chains.front().weights) {
      auto *load = dyn_cast<LoadInst>(value);
      if (!load || !load->isSimple() || load->getParent() != end->getParent())
        return false;
      loads.push_back(load);
    }
    if (!areSideBySide(loads, rowBytes) || !findStride())
      return false;
    for (const DotProductChain &chain : chains) {
      loads.append(chain.words.begin(), chain.words.end());
      if (!canEndAt(end, chain))
        return false;
    }
    return all_of(
        loads, [&](LoadInst *load) { return canLoadAt(end, load, aliases); });
  }

  void replace(AllocaInst *sums) {
    IRBuilder<> builder(end);
    auto run = [&](Intrinsic::ID id, ArrayRef<Value *> arguments) -> Value * {
      return builder.CreateIntrinsic(id, arguments);
    };
    const DotProductChain &first = chains.front();
    SmallVector<Value *> replacements;
    Value *tokens = builder.getInt16(chains.size());
    Value *groups = builder.getInt16(first.size());
    Value *columns = builder.getInt16(4 * first.size());
    Value *width = builder.getInt16(rowBytes);
    Value *pitch = builder.getInt64(rowBytes);
    Value *start = run(Intrinsic::x86_tilezero_internal, {tokens, width});
    Value *activations =
        run(Intrinsic::x86_tileloadd64_internal,
            {tokens, columns, first.words.front()->getPointerOperand(),
             builder.getInt64(stride)});
    Value *weights = run(
        Intrinsic::x86_tileloadd64_internal,
        {groups, width,
         cast<LoadInst>(first.weights.front())->getPointerOperand(), pitch});
    Value *products =
        run(Intrinsic::x86_tdpbsud_internal,
            {tokens, width, columns, start, activations, weights});
    run(Intrinsic::x86_tilestored64_internal,
        {tokens, width, sums, pitch, products});
    for (auto [token, chain] : enumerate(chains)) {
      Value *place = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(),
                                                        sums, token * rowBytes);
      Value *row =
          builder.CreateAlignedLoad(end->getType(), place, Align(rowBytes));
      replacements.push_back(builder.CreateAdd(row, chain.getStart()));
    }
    for (auto [chain, value] : zip_equal(chains, replacements))
      replaceChain(chain, value);
  }

private:
  /// The bytes from one token to the next, if they are the same for all.
  bool findStride() {
    auto getPlace = [&](const DotProductChain &chain) {
      return evolution.getSCEV(chain.words.front()->getPointerOperand());
    };
    for (size_t token = 1; token < chains.size(); ++token) {
      auto *step = dyn_cast<SCEVConstant>(evolution.getMinusSCEV(
          getPlace(chains[token]), getPlace(chains[token - 1])));
      if (!step || (token > 1 && step->getAPInt().getSExtValue() != stride))
        return false;
      stride = step->getAPInt().getSExtValue();
    }
    return true;
  }

  TokenChains chains;
  Instruction *end; // of all chains
  AAResults &aliases;
  ScalarEvolution &evolution;
  int64_t stride = 0;
};
} // namespace

PreservedAnalyses
quipu::cpu::TileDotProducts::run(Function &kernel,
                                 FunctionAnalysisManager &analyses) {
  std::vector<TokenTile> tiles;
  for (BasicBlock &block : kernel)
    for (TokenChains &chains :
         findDotProductChains(block, Intrinsic::x86_avx512_vpdpbusd_512))
      if (TokenTile tile(std::move(chains), analyses); tile.canReplace())
        tiles.push_back(std::move(tile));
  if (tiles.empty())
    return PreservedAnalyses::all();
  IRBuilder<> builder(&kernel.getEntryBlock().front());
  AllocaInst *sums = builder.CreateAlloca(
      ArrayType::get(builder.getInt8Ty(), maxRows * rowBytes));
  sums->setAlignment(Align(rowBytes));
  for (TokenTile &tile : tiles)
    tile.replace(sums);
  return PreservedAnalyses::none();
}
