//===- HuggingFaceFolder.h - A folder as a checkpoint -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_HUGGINGFACEFOLDER_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_HUGGINGFACEFOLDER_H

#include "compiler/frontend/huggingface/TensorViews.h"
#include "llvm/ADT/StringMap.h"

namespace quipu {

/// config.json, generation_config.json and safetensors files, under GGUF's keys
/// and names.
class HuggingFaceFolder final : public Checkpoint {
public:
  llvm::StringRef getPath() const override { return path; }
  llvm::StringRef getArchitecture() const override {
    return config.names.getFamily();
  }
  const MetadataValue *find(llvm::StringRef key) const override;
  llvm::SmallVector<llvm::StringRef> getKeys() const override;
  const CheckpointTensor *findTensor(llvm::StringRef name) const override;
  llvm::ArrayRef<CheckpointTensor> getTensors() const override {
    return views.tensors;
  }
  std::optional<abi::RopePairing> getPairing() const override {
    return pairing;
  }
  llvm::ArrayRef<std::string> getWarnings() const override { return warnings; }
  void releaseMemory() const override;

private:
  friend llvm::Expected<std::unique_ptr<Checkpoint>>
  openHuggingFaceFolder(llvm::StringRef path, TensorData data);

  explicit HuggingFaceFolder(llvm::StringRef path) : path(path.str()) {}
  llvm::Error open(TensorData data);
  llvm::Error readConfigs();

  std::string path;
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver{allocator};
  Config config{FolderNames(""), {}, {}, {}};
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  TensorViews views;
  llvm::StringMap<size_t> tensorIndex;
  std::optional<abi::RopePairing> pairing;
  std::vector<std::string> warnings;
};

/// Opens the folder at `path`, which may also be its config.json or one of its
/// safetensors files.
llvm::Expected<std::unique_ptr<Checkpoint>>
openHuggingFaceFolder(llvm::StringRef path,
                      TensorData data = TensorData::IsUsed);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_HUGGINGFACEFOLDER_H
