//===- Checkpoint.h - Weights, sizes and tokenizer of a model ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_CHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_CHECKPOINT_H

#include "abi/Enums.h"
#include "weights/formats/WeightFormat.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quipu {

/// An array of arrays, which a file may have, but which nothing reads.
struct NestedArray {
  bool operator==(const NestedArray &) const = default;
};

/// A value of the checkpoint's metadata. Strings point into the checkpoint and
/// hold any bytes. An integer is an int64_t unless only a uint64_t can hold it.
using MetadataValue =
    std::variant<bool, int64_t, uint64_t, double, llvm::StringRef,
                 std::vector<bool>, std::vector<int64_t>, std::vector<double>,
                 std::vector<llvm::StringRef>, NestedArray>;

/// Makes rows of a tensor that do not lie one after another in a file. May be
/// called by several threads.
class RowReader {
public:
  virtual ~RowReader() = default;
  /// Rows are counted over all outer dimensions.
  virtual void read(int64_t first, int64_t count, uint8_t *to) const = 0;
};

/// Rows that lie in an order of their own.
struct TensorRows final : RowReader {
  /// Of equally many rows each: the matrices of experts, for example.
  std::vector<const uint8_t *> parts;
  int64_t rowsOfPart;
  /// Bytes from a row to the next, and from a number of a row to the next.
  int64_t rowStride, columnStride;
  /// Of a row as it is read, and of one of its blocks.
  int64_t rowBytes, blockBytes;
  /// Rows of a head whose first `turned` are stored in halves, but read in
  /// turns: row 2i is row i, row 2i + 1 is row i + turned / 2. 0: in order.
  int64_t headRows = 0, turned = 0;
  /// Of MXFP4 whose scales lie apart: those of each part, and the bytes from a
  /// row's to the next one's. Neighbouring numbers share a byte then.
  std::vector<const uint8_t *> scales = {};
  int64_t scaleStride = 0;

  /// The first number of a row.
  const uint8_t *find(int64_t row) const;
  /// The first scale of a row.
  const uint8_t *findScales(int64_t row) const {
    return scales[row / rowsOfPart] + row % rowsOfPart * scaleStride;
  }
  void read(int64_t first, int64_t count, uint8_t *to) const override;
};

struct CheckpointTensor {
  llvm::StringRef name;
  const WeightFormat *format;
  /// Outermost first: a linear layer's weight is [outputs, inputs].
  llvm::SmallVector<int64_t, 2> shape;
  /// The blocks, rows one after another; points into the mapped file. Empty
  /// where `rows` makes them.
  llvm::ArrayRef<uint8_t> data;
  std::shared_ptr<const RowReader> rows = nullptr;

  /// Of a row along the last dimension.
  int64_t getRowBytes() const {
    return shape.back() / format->blockElements * format->blockBytes;
  }
  /// Copies rows, counted over all outer dimensions, one after another.
  void readRows(int64_t first, int64_t count, uint8_t *to) const;
};

/// Whether a checkpoint's tensors have data. Where they are unused, files may
/// end before them, and CheckpointTensor::data is empty.
enum class TensorData { IsUsed, IsUnused };

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
  /// All keys that `find` knows.
  virtual llvm::SmallVector<llvm::StringRef> getKeys() const = 0;
  /// The tensor of that name ("blk.0.attn_q.weight"), or null.
  virtual const CheckpointTensor *findTensor(llvm::StringRef name) const = 0;
  /// In the order of the file.
  virtual llvm::ArrayRef<CheckpointTensor> getTensors() const = 0;
  /// Which components of a head the rows of q and k are stored for: none where
  /// that is not known.
  virtual std::optional<abi::RopePairing> getPairing() const = 0;

  /// What is left out and might be missed, a sentence each.
  virtual llvm::ArrayRef<std::string> getWarnings() const { return {}; }

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

/// Opens the checkpoint at `path`: a GGUF file, a Hugging Face folder, or the
/// config.json or a safetensors file of one. Unless it is empty, `quantization`
/// says which formats its tensors get while they are read, as '--quantize'
/// does; before that, what `adapters` say is added to them, as '--lora' does.
llvm::Expected<std::unique_ptr<Checkpoint>>
openCheckpoint(llvm::StringRef path, TensorData data = TensorData::IsUsed,
               llvm::StringRef quantization = "",
               llvm::ArrayRef<std::string> adapters = {});

/// The files that the checkpoint at `path` may be read from.
std::vector<std::string> findCheckpointFiles(llvm::StringRef path);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_CHECKPOINT_H
