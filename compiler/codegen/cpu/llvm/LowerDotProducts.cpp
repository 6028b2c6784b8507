//===- LowerDotProducts.cpp - Dot products for each x86 -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without VNNI a dot product is two steps: vpmaddubsw adds two products of
// bytes in 16 bits, vpmaddwd two of its sums in 32. The first step saturates at
// 2^15, so an unsigned byte must be less than 128:
//
//   - Codes of up to seven bits lie at the top of their bytes. They move to the
//     bottom, and the second step multiplies by 2^shift instead of 1.
//   - Others lose 128: w * a = |w - 128| * (a with the sign of w - 128)
//     + 128 * a. The last term is the same for all rows.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/LowerDotProducts.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/KnownBits.h"

using namespace llvm;

namespace {
/// Replaces one vpdpbusd.512.
class DotProduct {
public:
  DotProduct(IntrinsicInst &call, ArrayRef<std::string> features)
      : call(call), builder(&call), features(features) {}

  void replace() {
    Value *sums = call.getArgOperand(0);
    Value *weights = asBytes(call.getArgOperand(1));
    Value *activations = asBytes(call.getArgOperand(2));
    KnownBits known = computeKnownBits(weights, call.getDataLayout());
    unsigned shift = std::min(known.countMinTrailingZeros(), 7u);
    bool isSmall = known.getMaxValue().lshr(shift).ule(127);
    if (isSmall && !has("avxvnni"))
      // No bit comes from the neighbour, whose lowest ones are zero.
      weights = asBytes(builder.CreateLShr(
          builder.CreateBitCast(weights, sums->getType()), shift));

    auto multiply = [&](Value *sums, Value *weights, Value *activations) {
      if (has("avxvnni"))
        return run(Intrinsic::x86_avx512_vpdpbusd_256,
                   {sums, weights, activations});
      if (isSmall)
        return addPairs(sums, multiplyPairs(weights, activations), 1 << shift);
      return multiplyBytes(sums, weights, activations);
    };
    Value *result;
    if (has("avx512bw")) {
      result = multiply(sums, weights, activations);
    } else {
      SmallVector<Value *, 2> halves;
      for (int half : {0, 1})
        halves.push_back(multiply(cut(sums, half), cut(weights, half),
                                  cut(activations, half)));
      result = builder.CreateShuffleVector(
          halves[0], halves[1], to_vector(seq<int>(2 * getLanes(halves[0]))));
    }
    call.replaceAllUsesWith(result);
    call.eraseFromParent();
  }

private:
  bool has(StringRef feature) const { return is_contained(features, feature); }

  static int getLanes(Value *vector) {
    return cast<FixedVectorType>(vector->getType())->getNumElements();
  }

  Value *asBytes(Value *value) {
    unsigned bytes = value->getType()->getPrimitiveSizeInBits() / 8;
    return builder.CreateBitCast(
        value, FixedVectorType::get(builder.getInt8Ty(), bytes));
  }

  Value *cut(Value *vector, int half) {
    int lanes = getLanes(vector) / 2;
    return builder.CreateShuffleVector(
        vector, to_vector(seq<int>(half * lanes, (half + 1) * lanes)));
  }

  Value *run(Intrinsic::ID id, ArrayRef<Value *> arguments) {
    Function *function =
        Intrinsic::getOrInsertDeclaration(call.getModule(), id);
    SmallVector<Value *> cast;
    for (auto [argument, type] :
         zip_equal(arguments, function->getFunctionType()->params()))
      cast.push_back(builder.CreateBitCast(argument, type));
    return builder.CreateCall(function, cast);
  }

  bool isWide(Value *bytes) { return getLanes(bytes) == 64; }

  /// The sums of two products in 16 bits.
  Value *multiplyPairs(Value *weights, Value *activations) {
    return run(isWide(weights) ? Intrinsic::x86_avx512_pmaddubs_w_512
                               : Intrinsic::x86_avx2_pmadd_ub_sw,
               {weights, activations});
  }

  /// `sums` and the sums of two pairs, times `factor`.
  Value *addPairs(Value *sums, Value *pairs, int64_t factor) {
    Value *factors = ConstantInt::get(pairs->getType(), factor);
    return builder.CreateAdd(sums, run(getLanes(pairs) == 32
                                           ? Intrinsic::x86_avx512_pmaddw_d_512
                                           : Intrinsic::x86_avx2_pmadd_wd,
                                       {pairs, factors}));
  }

  Value *multiplyBytes(Value *sums, Value *weights, Value *activations) {
    Value *half = ConstantInt::get(weights->getType(), 128);
    Value *rest = builder.CreateXor(weights, half);
    Value *size =
        builder.CreateBinaryIntrinsic(Intrinsic::abs, rest, builder.getFalse());
    Value *turned;
    if (isWide(weights))
      turned = builder.CreateSelect(
          builder.CreateICmpSLT(rest, Constant::getNullValue(rest->getType())),
          builder.CreateNeg(activations), activations);
    else
      turned = run(Intrinsic::x86_avx2_psign_b, {activations, rest});
    sums = addPairs(sums, multiplyPairs(half, activations), 1);
    return addPairs(sums, multiplyPairs(size, turned), 1);
  }

  IntrinsicInst &call;
  IRBuilder<> builder;
  ArrayRef<std::string> features;
};
} // namespace

Error quipu::cpu::lowerDotProducts(Module &kernel,
                                   ArrayRef<std::string> features) {
  if (is_contained(features, "avx512vnni"))
    return Error::success();
  for (Function &function : kernel)
    for (Instruction &op : make_early_inc_range(instructions(function)))
      if (auto *call = dyn_cast<IntrinsicInst>(&op);
          call && call->getIntrinsicID() == Intrinsic::x86_avx512_vpdpbusd_512)
        DotProduct(*call, features).replace();
  if (!is_contained(features, "avx512f"))
    for (Function &function : kernel)
      if (!function.use_empty() &&
          function.getName().starts_with("llvm.x86.avx512.") &&
          function.getName() != "llvm.x86.avx512.vpdpbusd.256")
        return createStringError("Halide asks for " + function.getName());
  return Error::success();
}
