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

/// The type of the declaration of some rows of a tensor, or of all: a matrix
/// keeps its storage format, a vector's numbers are widened to f32 as they are
/// packed. What an op uses as a vector is one whatever its rank, and has its
/// layout from the start where the rank does not tell. Null when the tensor
/// does not have the rows.
mlir::RankedTensorType getBoundType(mlir::MLIRContext *context,
                                    const CheckpointTensor &tensor,
                                    RowRangeAttr rows, bool isVector);
/// Whether the declared weight is a vector in this sense.
bool isVector(WeightOp weight);

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
  /// A tensor in some layers of a loop, or outside of one, and how it is read.
  struct Use {
    mlir::Operation *op;
    LayersOp loop; // null outside
    llvm::StringRef name;
    RowRangeAttr rows;
    bool isVector;
  };
  mlir::FailureOr<WeightAttr> bind(mlir::Operation *op, WeightAttr weight,
                                   bool isVector);
  mlir::LogicalResult verifyPairs(RopeOp rope) const;
  bool isThere(LayersOp loop, mlir::Block *body, llvm::StringRef name) const;
  /// The layers that read it.
  llvm::SmallVector<int64_t> getLayers(const Use &use) const;
  /// The weight's type in each of these layers.
  mlir::FailureOr<llvm::SmallVector<mlir::RankedTensorType>>
  getTypes(const Use &use, llvm::ArrayRef<int64_t> layers) const;
  mlir::FailureOr<WeightOp> declare(const Use &use);

  ModelOp model;
  const Checkpoint &checkpoint;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_BOUNDWEIGHTS_H
