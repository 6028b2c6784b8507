//===- CarriedValues.cpp - What layer loops overwrite ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/CarriedValues.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace quipu;

Value quipu::getYielded(Block *layer) {
  return cast<YieldOp>(layer->getTerminator()).getValues().front();
}

/// Whether the kernel reads `argument` for the numbers of its result `result`
/// at the same place only.
static bool readsInPlace(BlockArgument argument, unsigned result) {
  SetVector<Value> values;
  values.insert(argument);
  for (unsigned i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      Operation *user = use.getOwner();
      if (isa<AddOp, MulOp, ScaleOp, ActivateOp, SwiGLUOp>(user))
        values.insert(user->getResult(0));
      else if (!isa<YieldOp>(user) || use.getOperandNumber() != result)
        return false;
    }
  return true;
}

/// Whether `writer`, which makes `yielded`, reads `input` at the same place
/// only.
static bool writesInPlace(LaunchOp writer, Value input, Value yielded) {
  unsigned result = cast<OpResult>(yielded).getResultNumber();
  return llvm::all_of(writer.getKernels(), [&](FlatSymbolRefAttr name) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(writer, name);
    return kernel &&
           llvm::all_of(llvm::enumerate(writer.getInputs()), [&](auto operand) {
             return operand.value() != input ||
                    readsInPlace(kernel.getBody().getArgument(operand.index()),
                                 result);
           });
  });
}

bool quipu::readsInputLate(Block *layer) {
  Value input = layer->getArgument(0), yielded = getYielded(layer);
  auto writer = yielded.getDefiningOp<LaunchOp>();
  if (!writer || writer->getBlock() != input.getParentBlock())
    return true;
  return llvm::any_of(input.getUsers(), [&](Operation *user) {
    Operation *reader = input.getParentBlock()->findAncestorOpInBlock(*user);
    return reader == writer ? !writesInPlace(writer, input, yielded)
                            : writer->isBeforeInBlock(reader);
  });
}

bool quipu::readsInitLate(LayersOp layers) {
  Value init = layers.getInit();
  if (!init.getDefiningOp<LaunchOp>() && !init.getDefiningOp<LayersOp>())
    return true;
  return llvm::any_of(init.getUsers(), [&](Operation *user) {
    Operation *reader = layers->getBlock()->findAncestorOpInBlock(*user);
    bool begins = user == layers;
    return !begins && (!reader || !reader->isBeforeInBlock(layers));
  });
}

LogicalResult quipu::verifyCarriedValues(StepOp step) {
  auto result = step.walk([&](LayersOp layers) {
    StringRef late =
        llvm::any_of(layers.getBlocks(), readsInputLate)
            ? "the input of a layer is still read when its output is written"
        : readsInitLate(layers)
            ? "what the layers begin with is still read after the first"
            : "";
    if (!late.empty())
      return WalkResult(layers.emitOpError(late)
                        << "; run insert-copies first");
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
