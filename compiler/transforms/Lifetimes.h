//===- Lifetimes.h - How long the values of a step are needed ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_LIFETIMES_H
#define QUIPU_COMPILER_TRANSFORMS_LIFETIMES_H

#include "dialect/Quipu.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

namespace quipu {

/// The ops, by number, between which a value is needed, and its bytes in the
/// arena.
struct Lifetime {
  int64_t begin, end, bytes;

  bool meets(const Lifetime &other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// The lifetimes of the values of one step that lie in the arena. What a layer
/// loop begins with, hands on and returns is one value there.
class Lifetimes {
public:
  explicit Lifetimes(StepOp step);

  /// Of each value in the arena.
  llvm::SmallVector<const Lifetime *> get() const;
  /// Null for a value that is not in the arena.
  const Lifetime *find(mlir::Value value) const;

private:
  void number(mlir::Block &block);
  mlir::Value getLeader(mlir::Value value) const;
  void addAlias(mlir::Value value, mlir::Value other);
  void extend(mlir::Value leader, Lifetime more);
  void addUse(mlir::Value value, mlir::Operation *first, mlir::Operation *last);

  llvm::DenseMap<mlir::Operation *, int64_t> numbers;
  llvm::EquivalenceClasses<const void *> aliases;
  llvm::MapVector<mlir::Value, Lifetime> lifetimes; // of leaders
};

/// Reports two values of the step that are needed at the same time and share
/// bytes of the arena, a loop that overwrites what is still read, and an output
/// that is not written where the caller wants it. The launches have their
/// offsets.
mlir::LogicalResult verifyArena(StepOp step);

} // namespace quipu

#endif // QUIPU_COMPILER_TRANSFORMS_LIFETIMES_H
