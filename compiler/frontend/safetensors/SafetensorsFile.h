//===- SafetensorsFile.h - Tensors of a safetensors file --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format: https://github.com/huggingface/safetensors#format
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_SAFETENSORS_SAFETENSORSFILE_H
#define QUIPU_COMPILER_FRONTEND_SAFETENSORS_SAFETENSORSFILE_H

#include "compiler/frontend/Checkpoint.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace quipu {

struct SafetensorsTensor {
  std::string name;
  std::string dtype; // one that the format knows: "BF16"
  /// Outermost first; a scalar is one number.
  llvm::SmallVector<int64_t, 2> shape;
  /// Empty where data is unused.
  llvm::ArrayRef<uint8_t> data;
};

class SafetensorsFile {
public:
  llvm::StringRef getPath() const { return buffer->getBufferIdentifier(); }
  const llvm::MemoryBuffer &getBuffer() const { return *buffer; }
  /// In the order of their data.
  llvm::ArrayRef<SafetensorsTensor> getTensors() const { return tensors; }

private:
  friend llvm::Expected<std::unique_ptr<SafetensorsFile>>
  parseSafetensors(std::unique_ptr<llvm::MemoryBuffer> buffer, TensorData data);

  SafetensorsFile() = default;

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::vector<SafetensorsTensor> tensors;
};

/// Parses the bytes of a file; the buffer's identifier is the path in messages.
/// Checks everything but the values of the weights: the data of the tensors is
/// the whole rest of the file, without gaps or overlaps.
llvm::Expected<std::unique_ptr<SafetensorsFile>>
parseSafetensors(std::unique_ptr<llvm::MemoryBuffer> buffer,
                 TensorData data = TensorData::IsUsed);

/// Opens `model.safetensors` of a folder, or the files that its index lists,
/// each of which has the tensors that the index says, and no other.
llvm::Expected<std::vector<std::unique_ptr<SafetensorsFile>>>
openSafetensors(llvm::StringRef folder, TensorData data = TensorData::IsUsed);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_SAFETENSORS_SAFETENSORSFILE_H
