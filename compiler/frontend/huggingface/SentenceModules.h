//===- SentenceModules.h - What follows an encoder --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_SENTENCEMODULES_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_SENTENCEMODULES_H

#include "compiler/frontend/huggingface/Config.h"
#include "compiler/frontend/safetensors/SafetensorsFile.h"

namespace quipu {

/// What the files of sentence_transformers add to a folder.
struct SentenceModules {
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  std::vector<CheckpointTensor> tensors; // in `files`
};

/// Reads modules.json and the folders that it names (pooling, dense layers,
/// whether vectors get the length 1), the prompts of
/// config_sentence_transformers.json and how long texts are; nothing where
/// there is no modules.json.
llvm::Expected<SentenceModules> readSentenceModules(llvm::StringRef folder,
                                                    TensorData data,
                                                    Config &config,
                                                    llvm::StringSaver &saver);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_SENTENCEMODULES_H
