//===- KernelModule.cpp - Halide's bitcode, ready for LLVM ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/cpu/llvm/KernelModule.h"
#include "compiler/codegen/cpu/llvm/JoinBytes.h"
#include "compiler/codegen/cpu/llvm/LowerBFloatDots.h"
#include "compiler/codegen/cpu/llvm/LowerDotProducts.h"
#include "compiler/codegen/cpu/llvm/LowerLookUps.h"
#include "compiler/codegen/cpu/llvm/PairDotProducts.h"
#include "compiler/codegen/cpu/llvm/PassAnalyses.h"
#include "compiler/codegen/cpu/llvm/TileDotProducts.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"

using namespace llvm;

/// A product, perhaps negated or cut out of a longer vector.
static bool isProduct(const Value *value) {
  if (auto *shuffle = dyn_cast<ShuffleVectorInst>(value))
    return isProduct(shuffle->getOperand(0)) ||
           isProduct(shuffle->getOperand(1));
  auto *op = dyn_cast<Operator>(value);
  if (!op)
    return false;
  if (op->getOpcode() == Instruction::FNeg)
    return isProduct(op->getOperand(0));
  return op->getOpcode() == Instruction::FMul;
}

static void allowFusing(Function &kernel) {
  for (Instruction &op : instructions(kernel)) {
    unsigned opcode = op.getOpcode();
    if (opcode == Instruction::FMul)
      op.setHasAllowContract(true);
    else if (opcode == Instruction::FAdd || opcode == Instruction::FSub)
      op.setHasAllowContract(
          !(isProduct(op.getOperand(0)) && isProduct(op.getOperand(1))));
  }
}

/// Halide says that buffers of different names do not overlap. They do once two
/// kernels are inlined side by side: what one writes, the other reads.
static void dropAliasing(Function &kernel) {
  for (Instruction &op : instructions(kernel))
    op.setMetadata(LLVMContext::MD_tbaa, nullptr);
}

/// Halide takes what is larger than 16 KB from the heap. A kernel's arrays have
/// constant sizes that fit on a worker's stack, and programs have no such heap.
static Error moveToStack(Module &module) {
  Function *allocate = module.getFunction("halide_malloc");
  Function *release = module.getFunction("halide_free");
  SmallVector<CallInst *> calls;
  for (Function *function : {allocate, release})
    if (function)
      for (User *user : function->users())
        if (auto *call = dyn_cast<CallInst>(user))
          calls.push_back(call);
  for (CallInst *call : calls) {
    if (call->getCalledFunction() == allocate) {
      auto *size = dyn_cast<ConstantInt>(call->getArgOperand(1));
      if (!size)
        return createStringError(call->getFunction()->getName() +
                                 " needs an array of a size that is unknown "
                                 "when it is compiled");
      BasicBlock &entry = call->getFunction()->getEntryBlock();
      IRBuilder<> builder(&entry, entry.getFirstInsertionPt());
      AllocaInst *array = builder.CreateAlloca(
          ArrayType::get(builder.getInt8Ty(), size->getZExtValue()));
      array->setAlignment(Align(64));
      call->replaceAllUsesWith(array);
    }
    call->eraseFromParent();
  }
  return Error::success();
}

/// Brings dot products together for instructions that multiply matrices.
static void groupDotProducts(Module &kernel, ArrayRef<std::string> features) {
  FunctionPassManager passes;
  if (kernel.getTargetTriple().isAArch64())
    passes.addPass(quipu::cpu::JoinBytes());
  if (is_contained(features, "i8mm")) {
    // Weights, not stores and loads of them, and each one once.
    passes.addPass(SROAPass(SROAOptions::PreserveCFG));
    passes.addPass(EarlyCSEPass());
    passes.addPass(quipu::cpu::PairDotProducts());
  } else if (is_contained(features, "amx-int8")) {
    passes.addPass(EarlyCSEPass());
    passes.addPass(quipu::cpu::TileDotProducts());
  }
  if (passes.isEmpty())
    return;
  PassBuilder builder;
  quipu::cpu::PassAnalyses analyses(builder);
  for (Function &function : kernel)
    if (!function.isDeclaration())
      passes.run(function, analyses.functions);
}

Expected<std::unique_ptr<Module>>
quipu::cpu::parseKernel(StringRef bitcode, StringRef name,
                        ArrayRef<std::string> features, LLVMContext &context) {
  Expected<std::unique_ptr<Module>> module =
      parseBitcodeFile(MemoryBufferRef(bitcode, name), context);
  if (!module)
    return module.takeError();
  if (Function *metadata = (*module)->getFunction((name + "_metadata").str()))
    metadata->eraseFromParent();
  if (auto *storage =
          (*module)->getNamedGlobal((name + "_metadata_storage").str()))
    storage->setLinkage(GlobalValue::InternalLinkage);
  if (Error error = moveToStack(**module))
    return std::move(error);
  for (Function &function : **module) {
    for (const char *attribute : {"target-cpu", "target-features", "tune-cpu"})
      function.removeFnAttr(attribute);
    allowFusing(function);
    dropAliasing(function);
  }
  lowerLookUps(**module, features);
  groupDotProducts(**module, features);
  if (Error error = lowerDotProducts(**module, features))
    return std::move(error);
  if (Error error = lowerBFloatDots(**module, features))
    return std::move(error);
  // The names and default values that only the metadata pointed to.
  bool changed = true;
  while (changed) {
    changed = false;
    for (GlobalVariable &global : make_early_inc_range((*module)->globals())) {
      global.removeDeadConstantUsers();
      if (global.use_empty() && global.hasLocalLinkage()) {
        global.eraseFromParent();
        changed = true;
      }
    }
  }
  return module;
}
