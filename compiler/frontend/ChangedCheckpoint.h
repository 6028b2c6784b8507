//===- ChangedCheckpoint.h - A checkpoint with other tensors ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_CHANGEDCHECKPOINT_H
#define QUIPU_COMPILER_FRONTEND_CHANGEDCHECKPOINT_H

#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/StringMap.h"

namespace quipu {

/// Another checkpoint, some of whose tensors are made as they are read.
class ChangedCheckpoint final : public Checkpoint {
public:
  /// `tensors` are in the place of the original's; their rows may refer to
  /// those.
  ChangedCheckpoint(std::unique_ptr<Checkpoint> original,
                    std::vector<CheckpointTensor> tensors,
                    std::vector<std::string> warnings = {});

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
  llvm::ArrayRef<std::string> getWarnings() const override { return warnings; }
  void releaseMemory() const override { original->releaseMemory(); }

private:
  std::unique_ptr<Checkpoint> original;
  std::vector<CheckpointTensor> tensors;
  llvm::StringMap<size_t> index;
  std::vector<std::string> warnings; // the original's, too
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_CHANGEDCHECKPOINT_H
