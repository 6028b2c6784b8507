//===- PairDotProducts.cpp - Products of matrices on Arm ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A register of weights holds 4 columns of rows 0 to 3. Of two neighbours, zip1
// makes 8 columns of rows 0 and 1, zip2 of rows 2 and 3, for all pairs of
// tokens. Sums of two tokens, a and b, are
//
//   low  = a0 a1 b0 b1       high = a2 a3 b2 b3
//
// from the start, where the chains' own are put together, to the end, where
// they are put apart by the same two shuffles.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/PairDotProducts.h"
#include "compiler/codegen/cpu/llvm/DotProductChains.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsAArch64.h"

using namespace llvm;
using namespace quipu::cpu;

/// 16 columns of a token are loaded at once, two products' at a time used.
static constexpr unsigned wordsTogether = 4;

namespace {
struct Halves {
  Value *low, *high;
};

/// The tokens of a block that multiply the same weights.
class TokenPairs {
public:
  TokenPairs(TokenChains &chains, AAResults &aliases)
      : chains(chains), aliases(aliases),
        builder(chains.front().getResult()->getContext()) {}

  void replace() {
    size_t columns = chains.front().size();
    if (chains.size() < 2 || columns % wordsTogether)
      return;
    rows.resize(columns / 2);
    for (size_t token = 0; token + 1 < chains.size(); token += 2)
      replace(chains[token], chains[token + 1]);
  }

private:
  /// Behind both products, where both tokens' operands are known.
  static Instruction *getLayerOffset(const DotProductChain &a,
                                     const DotProductChain &b, size_t column) {
    return a.dots[column]->comesBefore(b.dots[column]) ? b.dots[column]
                                                       : a.dots[column];
  }

  void replace(const DotProductChain &a, const DotProductChain &b) {
    Instruction *end = getLayerOffset(a, b, a.size() - 1);
    if (!canEndAt(end, a) || !canEndAt(end, b))
      return;
    for (const DotProductChain *chain : {&a, &b})
      for (auto [column, word] : enumerate(chain->words))
        if (!canLoadAt(
                getLayerOffset(a, b, column - column % wordsTogether + 1), word,
                aliases))
          return;
    Halves sums, activations;
    for (size_t column = 0; column < a.size(); column += 2) {
      builder.SetInsertPoint(getLayerOffset(a, b, column + 1));
      if (column == 0)
        sums = shuffle(a.getStart(), b.getStart(), {0, 1, 4, 5}, {2, 3, 6, 7});
      if (column % wordsTogether == 0)
        activations = shuffle(load(a.words[column]), load(b.words[column]),
                              {0, 1, 4, 5}, {2, 3, 6, 7});
      Value *both = column % wordsTogether ? activations.high : activations.low;
      Halves weights = getRows(column);
      sums = {multiply(sums.low, both, weights.low),
              multiply(sums.high, both, weights.high)};
    }
    Halves apart = shuffle(sums.low, sums.high, {0, 1, 4, 5}, {2, 3, 6, 7});
    replaceChain(a, apart.low);
    replaceChain(b, apart.high);
  }

  Halves shuffle(Value *a, Value *b, ArrayRef<int> low, ArrayRef<int> high) {
    return {builder.CreateShuffleVector(a, b, low),
            builder.CreateShuffleVector(a, b, high)};
  }

  Value *load(LoadInst *word) {
    return builder.CreateAlignedLoad(
        FixedVectorType::get(builder.getInt32Ty(), wordsTogether),
        word->getPointerOperand(), word->getAlign());
  }

  /// 8 columns of rows 0 and 1, and of rows 2 and 3, for the first pair that
  /// needs them.
  Halves getRows(size_t column) {
    Halves &known = rows[column / 2];
    if (known.low)
      return known;
    IRBuilder<>::InsertPointGuard guard(builder);
    for (size_t token = 0; token + 1 < chains.size(); token += 2)
      if (Instruction *place =
              getLayerOffset(chains[token], chains[token + 1], column + 1);
          place->comesBefore(&*builder.GetInsertPoint()))
        builder.SetInsertPoint(place);
    auto *type = FixedVectorType::get(builder.getInt32Ty(), 4);
    ArrayRef<Value *> weights = chains.front().weights;
    known = shuffle(builder.CreateBitCast(weights[column], type),
                    builder.CreateBitCast(weights[column + 1], type),
                    {0, 4, 1, 5}, {2, 6, 3, 7});
    return known;
  }

  Value *multiply(Value *sums, Value *tokens, Value *rows) {
    Type *bytes = FixedVectorType::get(builder.getInt8Ty(), 16);
    return builder.CreateIntrinsic(Intrinsic::aarch64_neon_smmla,
                                   {sums->getType(), bytes},
                                   {sums, builder.CreateBitCast(tokens, bytes),
                                    builder.CreateBitCast(rows, bytes)});
  }

  TokenChains &chains;
  AAResults &aliases;
  IRBuilder<> builder;
  SmallVector<Halves> rows;
};
} // namespace

PreservedAnalyses PairDotProducts::run(Function &kernel,
                                       FunctionAnalysisManager &analyses) {
  AAResults &aliases = analyses.getResult<AAManager>(kernel);
  for (BasicBlock &block : kernel)
    for (TokenChains &chains :
         findDotProductChains(block, Intrinsic::aarch64_neon_sdot))
      TokenPairs(chains, aliases).replace();
  return PreservedAnalyses::none();
}
