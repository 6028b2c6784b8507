//===- SplitGguf.h - GGUF files of one model --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As llama.cpp's gguf-split writes them: NAME-00001-of-00003.gguf has all
// metadata, each part some of the tensors, and the keys split.no (from 0),
// split.count and split.tensors.count (of all parts).
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_GGUF_SPLITGGUF_H
#define QUIPU_COMPILER_FRONTEND_GGUF_SPLITGGUF_H

#include "compiler/frontend/gguf/GgufFile.h"

namespace quipu {

class SplitGguf final : public Checkpoint {
public:
  /// The first part's.
  llvm::StringRef getPath() const override { return parts[0]->getPath(); }
  llvm::StringRef getArchitecture() const override {
    return parts[0]->getArchitecture();
  }
  const MetadataValue *find(llvm::StringRef key) const override {
    return parts[0]->find(key);
  }
  llvm::SmallVector<llvm::StringRef> getKeys() const override {
    return parts[0]->getKeys();
  }
  const CheckpointTensor *findTensor(llvm::StringRef name) const override;
  llvm::ArrayRef<CheckpointTensor> getTensors() const override {
    return tensors;
  }
  std::optional<abi::RopePairing> getPairing() const override {
    return parts[0]->getPairing();
  }
  void releaseMemory() const override;

private:
  friend llvm::Expected<std::unique_ptr<Checkpoint>>
  openGgufParts(std::unique_ptr<GgufFile> given, TensorData data);

  llvm::Error addPart(std::unique_ptr<GgufFile> part);

  std::vector<std::unique_ptr<GgufFile>> parts;
  std::vector<CheckpointTensor> tensors;
};

/// The names of all parts of the model that the file at `path` is a part of, by
/// its name: none for another name.
std::vector<std::string> listGgufParts(llvm::StringRef path);

/// `given` itself, or if it is a part all of them.
llvm::Expected<std::unique_ptr<Checkpoint>>
openGgufParts(std::unique_ptr<GgufFile> given, TensorData data);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_GGUF_SPLITGGUF_H
