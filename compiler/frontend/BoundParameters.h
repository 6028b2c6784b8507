//===- BoundParameters.h - A spec's parameters as numbers -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H
#define QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H

#include "dialect/Quipu.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace quipu {
class Checkpoint;

/// What a checkpoint says of a spec's parameters.
class BoundParameters {
public:
  explicit BoundParameters(const Checkpoint &checkpoint)
      : checkpoint(checkpoint) {}

  /// Knows the parameters that all models and heads share from now on: they
  /// need a value only where an op names them. `body` must outlive this.
  void share(mlir::Block &body);

  /// Finds a value for every parameter of a model or head, which may name those
  /// shared or resolved before, or reports the one that has none, is no number
  /// or word, or is defined by itself or twice.
  mlir::LogicalResult resolve(mlir::Block &body);

  /// Adds the keys of the parameters that have a value.
  void addKeys(llvm::StringSet<> &read) const;

  /// Replaces every parameter's name in the attributes of `op`, or drops the
  /// attribute where a parameter is absent; says in `named` which
  /// names there were.
  mlir::LogicalResult
  substitute(mlir::Operation *op,
             llvm::SmallVectorImpl<llvm::StringRef> &named) const;

  /// Says of each of these parameters its value and where that is from.
  void addNotes(mlir::Diagnostic &diagnostic,
                llvm::ArrayRef<llvm::StringRef> named) const;

private:
  std::string getFullKey(ParamOp param) const;
  mlir::FailureOr<mlir::Attribute> get(ParamOp param);
  mlir::FailureOr<mlir::Attribute> evaluate(ParamOp param,
                                            mlir::Attribute fallback);
  mlir::FailureOr<mlir::Attribute> getOther(ParamOp param,
                                            mlir::Attribute symbol);

  const Checkpoint &checkpoint;
  llvm::StringMap<ParamOp> params;
  llvm::StringSet<> shared; // among them
  /// Null while it is being resolved; a unit where it is absent.
  llvm::StringMap<mlir::Attribute> values;
};

/// Reports a key of the checkpoint that may change what is computed, but that
/// none of these parameters has read.
mlir::LogicalResult verifyAllRead(ModelOp model, const Checkpoint &checkpoint,
                                  llvm::ArrayRef<BoundParameters> parameters);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H
