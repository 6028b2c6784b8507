//===- States.h - Pools of pages and rows of sequences ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_STATES_H
#define QUIPU_DIALECT_STATES_H

#include "dialect/Quipu.h"

namespace quipu {

/// States whose pages have one block table, see abi::Pool.
struct StatePool {
  int64_t numbers = 0; // cached numbers of one position, of all layers
  int64_t window = 0;  // 0: all positions are kept
};

/// Reports a state of the model without a place, or with one that another has.
mlir::LogicalResult verifyPlaces(ModelOp model);

/// The pools of a model whose states have their offsets, by number.
llvm::SmallVector<StatePool> getPools(ModelOp model);

/// Of each layer of the loop, the number that it has among those which the
/// state keeps, of one that it does not keep that of the next; empty when it
/// keeps all.
llvm::SmallVector<int64_t> getLayerNumbers(StateOp state);

/// StatePool::numbers of the pool of a state that has its offset.
int64_t getPageNumbers(StateOp state);

/// The states that are a row for each sequence, by number.
llvm::SmallVector<StateOp> getRowStates(ModelOp model);

/// The state that `op`, somewhere in a model, names; null when there is none.
StateOp findState(mlir::Operation *op, mlir::FlatSymbolRefAttr name);

} // namespace quipu

#endif // QUIPU_DIALECT_STATES_H
