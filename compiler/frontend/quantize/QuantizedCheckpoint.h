//===- QuantizedCheckpoint.h - A checkpoint in fewer bits -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H

#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/StringMap.h"

namespace quipu {

/// Another checkpoint, some of whose tensors are quantized as they are read.
class QuantizedCheckpoint final : public Checkpoint {
public:
  /// `formats` are those of the checkpoint's tensors, in their order.
  QuantizedCheckpoint(std::unique_ptr<Checkpoint> original,
                      llvm::ArrayRef<const WeightFormat *> formats);

  llvm::StringRef getPath() const override { return original->getPath(); }
  llvm::StringRef getArchitecture() const override {
    return original->getArchitecture();
  }
  const MetadataValue *find(llvm::StringRef key) const override {
    return original->find(key);
  }
  llvm::SmallVector<llvm::StringRef> getKeys() const override {
    return original->getKeys();
  }
  const CheckpointTensor *findTensor(llvm::StringRef name) const override;
  llvm::ArrayRef<CheckpointTensor> getTensors() const override {
    return tensors;
  }
  std::optional<abi::RopePairing> getPairing() const override {
    return original->getPairing();
  }
  llvm::ArrayRef<std::string> getWarnings() const override {
    return original->getWarnings();
  }
  void releaseMemory() const override { original->releaseMemory(); }

private:
  std::unique_ptr<Checkpoint> original;
  std::vector<CheckpointTensor> tensors;
  llvm::StringMap<size_t> index;
};

/// What '--quantize' makes of the checkpoint.
llvm::Expected<std::unique_ptr<Checkpoint>>
quantize(std::unique_ptr<Checkpoint> checkpoint, llvm::StringRef text);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEDCHECKPOINT_H
