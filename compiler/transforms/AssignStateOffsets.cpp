//===- AssignStateOffsets.cpp - Gives each state its place ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/KvLayout.h"
#include "compiler/transforms/Passes.h"
#include "dialect/States.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace quipu;

namespace quipu {
#define GEN_PASS_DEF_ASSIGNSTATEOFFSETS
#include "compiler/transforms/Passes.h.inc"
} // namespace quipu

namespace {
struct AssignStateOffsets
    : quipu::impl::AssignStateOffsetsBase<AssignStateOffsets> {
  void runOnOperation() override {
    // States that lose their pages together share them.
    llvm::MapVector<int64_t, int64_t> numbersOfWindow;
    int64_t rows = 0;
    for (StateOp state : getOperation().getOps<StateOp>()) {
      PagesType pages = state.getPages();
      if (!pages) {
        state.setPool(rows++);
        continue;
      }
      int64_t window = state.getWindow().value_or(0);
      auto *pool = numbersOfWindow.try_emplace(window, 0).first;
      state.setPool(pool - numbersOfWindow.begin());
      state.setOffset(pool->second);
      state.setStride(pages.getNumbers());
      pool->second += state.getKeptLayers() * pages.getNumbers();
      // Kernels index a page with 32 bits.
      if (pool->second > INT32_MAX / abi::pagePositions) {
        state.emitError("the keys and values of a position are ")
            << pool->second << " numbers with these, more than a page can hold";
        return signalPassFailure();
      }
    }
  }
};
} // namespace
