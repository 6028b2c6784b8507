//===- Checkpoint.h - Weights, sizes and tokenizer of a model ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_CHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_CHECKPOINT_H

#include "weights/formats/WeightFormat.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quipu {

/// A value of the checkpoint's metadata. Strings point into the checkpoint and
/// hold any bytes. An integer is an int64_t unless only a uint64_t can hold it.
using MetadataValue =
    std::variant<bool, int64_t, uint64_t, double, llvm::StringRef,
                 std::vector<bool>, std::vector<int64_t>, std::vector<double>,
                 std::vector<llvm::StringRef>>;

struct CheckpointTensor {
  llvm::StringRef name;
  const WeightFormat *format;
  /// Outermost first: a linear layer's weight is [outputs, inputs].
  llvm::SmallVector<int64_t, 2> shape;
  /// The blocks, rows one after another; points into the mapped file.
  llvm::ArrayRef<uint8_t> data;
};

/// A model as its user has it: read-only, memory-mapped, checked on opening.
/// Everything handed out lives as long as the checkpoint.
class Checkpoint {
public:
  virtual ~Checkpoint() = default;

  /// The file's path, for messages.
  virtual llvm::StringRef getPath() const = 0;
  /// The family, as a spec names it: "llama".
  virtual llvm::StringRef getArchitecture() const = 0;
  /// The value under the full key ("llama.block_count"), or null.
  virtual const MetadataValue *find(llvm::StringRef key) const = 0;
  /// The tensor of that name ("blk.0.attn_q.weight"), or null.
  virtual const CheckpointTensor *findTensor(llvm::StringRef name) const = 0;
  /// In the order of the file.
  virtual llvm::ArrayRef<CheckpointTensor> getTensors() const = 0;

  /// Forgets which bytes of the tensors were read, as a map keeps them in this
  /// process's memory; they may be read again.
  virtual void releaseMemory() const = 0;

  /// The value under `key` as an integer, a real, a string: none when the key
  /// is missing or of another kind, or the integer too large. Integers convert
  /// to reals, not back.
  std::optional<int64_t> getInteger(llvm::StringRef key) const;
  std::optional<double> getReal(llvm::StringRef key) const;
  std::optional<llvm::StringRef> getString(llvm::StringRef key) const;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_CHECKPOINT_H
