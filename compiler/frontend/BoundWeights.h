//===- BoundWeights.h - A spec's weights as typed tensors -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_BOUNDWEIGHTS_H
#define QUIPU_COMPILER_FRONTEND_BOUNDWEIGHTS_H

#include "dialect/Quipu.h"

namespace quipu {
class Checkpoint;
struct CheckpointTensor;

/// "attn_q" is "attn_q.weight", "attn_q.bias" itself.
std::string getTensorName(llvm::StringRef weight);
/// The name of the tensor that a declaration stands for in one layer.
std::string getTensorName(WeightOp weight, int64_t layer);

/// The type of the tensor's declaration: a matrix keeps its storage format, a
/// vector's numbers are widened to f32 as they are packed.
mlir::RankedTensorType getBoundType(mlir::MLIRContext *context,
                                    const CheckpointTensor &tensor);

/// What a checkpoint says of a spec's weights.
class BoundWeights {
public:
  BoundWeights(ModelOp model, const Checkpoint &checkpoint)
      : model(model), checkpoint(checkpoint) {}

  /// Types the weights that `op` names and declares them in the model; reports
  /// a missing one, one whose layers do not fit together, and a rotation of
  /// other pairs than those that the rows are stored for.
  mlir::LogicalResult bind(mlir::Operation *op);

private:
  mlir::FailureOr<WeightAttr> bind(mlir::Operation *op, WeightAttr weight);
  mlir::LogicalResult verifyPairs(RopeOp rope) const;
  bool isThere(LayersOp layers, llvm::StringRef name) const;
  /// The tensor's type in each layer.
  mlir::FailureOr<llvm::SmallVector<mlir::RankedTensorType>>
  getTypes(mlir::Operation *op, LayersOp layers, llvm::StringRef name) const;

  ModelOp model;
  const Checkpoint &checkpoint;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_BOUNDWEIGHTS_H
