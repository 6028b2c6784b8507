//===- BoundParameters.h - A spec's parameters as numbers -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H
#define QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H

#include "compiler/frontend/Checkpoint.h"
#include "dialect/Quipu.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace quipu {

/// What a checkpoint says of a spec's parameters.
class BoundParameters {
public:
  explicit BoundParameters(const Checkpoint &checkpoint)
      : checkpoint(checkpoint) {}

  /// Knows the parameters that all models and heads share from now on: they
  /// need a value only where an op names them. `body` must outlive this.
  void share(mlir::Block &body);

  /// Finds a value for every parameter of a model or head, which may name those
  /// shared or defined before, or reports the one that has none, is no number
  /// or word, or is defined by itself or twice.
  mlir::LogicalResult define(mlir::Block &body);

  /// Takes for read what `op` names, also where binding finds that no layer
  /// needs it.
  void readKeysOf(mlir::Operation *op);

  /// Adds the keys that were looked for.
  void addKeys(llvm::StringSet<> &read) const;

  /// What `value`, an attribute of `op`, is when every parameter's name and
  /// expression in it is replaced: a unit where it is a parameter that is
  /// absent. Says in `named` which names there were. Reports a parameter that
  /// there is not, or as `define` does, and an expression that has no value.
  mlir::FailureOr<mlir::Attribute>
  bind(mlir::Operation *op, mlir::Attribute value,
       llvm::SmallVectorImpl<llvm::StringRef> &named);

  /// Binds the attributes of `op`, or drops one where a parameter is absent.
  mlir::LogicalResult substitute(mlir::Operation *op,
                                 llvm::SmallVectorImpl<llvm::StringRef> &named);

  /// The layers of the set among `count`, or an error at its line.
  mlir::FailureOr<llvm::SmallVector<bool>> find(LayerSetOp set, int64_t count);

  /// Says of each of these parameters its value and where that is from.
  void addNotes(mlir::Diagnostic &diagnostic,
                llvm::ArrayRef<llvm::StringRef> named) const;

private:
  std::string getFullKey(llvm::StringRef key) const;
  mlir::FailureOr<mlir::Attribute> get(ParamOp param);
  mlir::FailureOr<mlir::Attribute> read(ParamOp param);
  mlir::FailureOr<mlir::Attribute> readFromList(ParamOp param,
                                                const MetadataValue &list);
  mlir::FailureOr<mlir::Attribute> evaluate(ParamOp param,
                                            mlir::Attribute fallback);
  mlir::FailureOr<mlir::Attribute>
  evaluate(mlir::Operation *op, ExpressionAttr expression,
           llvm::SmallVectorImpl<llvm::StringRef> &named);
  mlir::FailureOr<WeightAttr>
  bindRows(mlir::Operation *op, WeightAttr weight,
           llvm::SmallVectorImpl<llvm::StringRef> &named);
  mlir::FailureOr<int64_t> getLayer(LayerSetOp set, mlir::Attribute number,
                                    int64_t least);
  mlir::FailureOr<llvm::SmallVector<bool>>
  findWhere(LayerSetOp set, WhereAttr where, int64_t count);

  const Checkpoint &checkpoint;
  llvm::StringMap<ParamOp> params;
  llvm::StringSet<> shared; // among them
  /// Null while it is being resolved; a unit where it is absent.
  llvm::StringMap<mlir::Attribute> values;
  llvm::StringSet<> namedByOps; // parameters
  llvm::StringSet<> readKeys;   // that were looked for
};

/// Reports a key of the checkpoint that may change what is computed, but that
/// none of these parameters has read.
mlir::LogicalResult verifyAllRead(ModelOp model, const Checkpoint &checkpoint,
                                  llvm::ArrayRef<BoundParameters> parameters);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_BOUNDPARAMETERS_H
