//===- PackedWeights.h - The weights of a program ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_PACKEDWEIGHTS_H
#define QUIPU_COMPILER_EMIT_PACKEDWEIGHTS_H

#include "compiler/emit/ProgramParts.h"
#include "dialect/Quipu.h"
#include "support/OutputFile.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <vector>

namespace quipu {

/// Told how many bytes of how many are done.
using Progress = std::function<void(uint64_t done, uint64_t total)>;

/// A tensor of the checkpoint and its place in the program.
struct PackedTensor {
  const CheckpointTensor *tensor;
  uint64_t offset;
  uint64_t bytes;
  mlir::RankedTensorType type;
  LayoutAttrInterface layout;
  RowRangeAttr rows; // of the tensor; null: all
};

/// Where the weights of a model's declarations lie, and what they are.
class PackedWeights {
public:
  /// An error when a tensor is not what its declaration says, or the places
  /// overlap. The checkpoint must live as long as the result.
  static llvm::Expected<PackedWeights> create(ModelOp model,
                                              const Checkpoint &checkpoint);

  uint64_t getBytes() const { return bytes; }
  /// By offset, without gaps.
  llvm::ArrayRef<PackedTensor> getTensors() const { return tensors; }
  /// All weights once, but of an embedding table that is not the output's
  /// weight too one row only, and of a stack what a token chooses.
  uint64_t getBytesPerToken() const { return bytesPerToken; }
  /// "Q4_1 (210 tensors), Q8_0 (1), F32 (61)", most bytes first.
  std::string getFormats() const;

  /// Writes getBytes() bytes, tile by tile, and warns of tensors that are
  /// broken.
  llvm::Error write(OutputFile &to, const Progress &progress, Warn warn) const;

private:
  void warnOf(llvm::ArrayRef<llvm::StringRef> names, llvm::StringRef what,
              Warn warn) const;

  explicit PackedWeights(const Checkpoint &checkpoint)
      : checkpoint(checkpoint) {}

  const Checkpoint &checkpoint;
  std::vector<PackedTensor> tensors; // by offset
  uint64_t bytes = 0;
  uint64_t bytesPerToken = 0;
};

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_PACKEDWEIGHTS_H
