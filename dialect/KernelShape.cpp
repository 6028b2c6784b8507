//===- KernelShape.cpp - What kernels are told apart by -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/KernelShape.h"

using namespace mlir;
using namespace quipu;

std::string quipu::getKernelShape(KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream os(text);
  kernel.walk([&](LinearOp linear) {
    RankedTensorType weight = linear.getWeight().getType();
    os << (text.empty() ? "" : " ");
    if (linear.getIds())
      os << linear.getChosen() << "of" << weight.getDimSize(0) << 'x';
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
