//===- GgufFile.h - A GGUF file as a checkpoint -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GGUF_GGUFFILE_H
#define QUIPU_COMPILER_FRONTEND_GGUF_GGUFFILE_H

#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/gguf/GgufMetadata.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace quipu {

class GgufFile final : public Checkpoint {
public:
  llvm::StringRef getPath() const override {
    return buffer->getBufferIdentifier();
  }
  llvm::StringRef getArchitecture() const override { return architecture; }
  const MetadataValue *find(llvm::StringRef key) const override;
  llvm::SmallVector<llvm::StringRef> getKeys() const override;
  const CheckpointTensor *findTensor(llvm::StringRef name) const override;
  llvm::ArrayRef<CheckpointTensor> getTensors() const override {
    return tensors;
  }
  std::optional<abi::RopePairing> getPairing() const override;

  void releaseMemory() const override;

  uint32_t getVersion() const { return version; }
  const GgufMetadata &getMetadata() const { return metadata; }
  /// The whole file.
  llvm::StringRef getContents() const { return buffer->getBuffer(); }

private:
  friend llvm::Expected<std::unique_ptr<GgufFile>>
  parseGguf(std::unique_ptr<llvm::MemoryBuffer> buffer, TensorData data);

  GgufFile() = default;

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  uint32_t version = 0;
  llvm::StringRef architecture; // empty in a part of a model
  GgufMetadata metadata;
  std::vector<CheckpointTensor> tensors;
  llvm::DenseMap<llvm::StringRef, size_t> tensorIndex;
};

/// Parses the bytes of a little-endian GGUF file of version 2 or 3; the
/// buffer's identifier is the path in messages. Checks everything but the
/// values of the weights.
llvm::Expected<std::unique_ptr<GgufFile>>
parseGguf(std::unique_ptr<llvm::MemoryBuffer> buffer,
          TensorData data = TensorData::IsUsed);

/// Maps and parses the file at `path`, a `GgufFile`, and if it is one part of a
/// model all of them.
llvm::Expected<std::unique_ptr<Checkpoint>>
openGguf(llvm::StringRef path, TensorData data = TensorData::IsUsed);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GGUF_GGUFFILE_H
