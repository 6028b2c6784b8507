//===- KernelShape.cpp - What kernels are told apart by -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/KernelShape.h"
#include "dialect/PackedLayout.h"

using namespace mlir;
using namespace quipu;

std::string quipu::getKernelShape(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  kernel.walk([&](LinearOp linear) {
    RankedTensorType weight = linear.getWeight().getType();
    os << (text.empty() ? "" : " ");
    if (linear.getIds())
      os << linear.getChosen() << "of";
    if (linear.isStack())
      os << weight.getDimSize(0) << 'x';
    os << linear.getRows() << 'x' << linear.getColumns() << 'x';
    if (auto block = dyn_cast<BlockType>(weight.getElementType()))
      os << StringRef(block.getFormat()->name).lower();
    else
      os << weight.getElementType();
  });
  return text;
}

int64_t quipu::getKernelTokens(KernelOp kernel) {
  for (Type type : llvm::concat<const Type>(kernel.getArgumentTypes(),
                                            kernel.getResultTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      return tensor.getDimSize(0);
  return 1;
}

bool quipu::isNumberwise(Operation &op) {
  return isa<LinearOp, AddOp, MulOp, SwiGLUOp, ScaleOp, ActivateOp, ClampOp,
             QuantizeOp>(op);
}

bool quipu::fitsGpuExperts(KernelOp kernel) {
  SmallVector<LinearOp> linears(kernel.getOps<LinearOp>());
  return !linears.empty() && linears.size() <= 2 &&
         llvm::all_of(kernel.getBody().front().without_terminator(),
                      isNumberwise) &&
         llvm::all_of(linears, [&](LinearOp linear) {
           return (linear.getOfHeads() ||
                   isa_and_present<BlockArgument>(linear.getIds())) &&
                  linear.getOfHeads() == linears[0].getOfHeads() &&
                  linear.getIds() == linears[0].getIds() &&
                  linear.getRows() == linears[0].getRows() &&
                  linear.getInput() == linears[0].getInput() &&
                  isa<BlockArgument>(linear.getInput()) &&
                  cast<RankedTensorType>(linear.getInput().getType())
                      .getElementType()
                      .isF16() &&
                  isFragmentMatrix(linear.getWeight().getType());
         });
}
