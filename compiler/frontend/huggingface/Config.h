//===- Config.h - config.json as metadata -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_CONFIG_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_CONFIG_H

#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/huggingface/FolderNames.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/StringSaver.h"
#include <map>

namespace quipu {

/// What config.json says, under GGUF's keys.
struct Config {
  FolderNames names;
  /// By full key: "llama.block_count".
  llvm::MapVector<llvm::StringRef, MetadataValue> metadata;
  /// Lists that are tensors in GGUF, by tensor.
  std::map<std::string, std::vector<float>> tensors;
  /// Keys of the file itself, by the name that the dictionary has for them;
  /// nested ones are joined by a dot.
  std::map<std::string, llvm::json::Value> own;

  const llvm::json::Value *findOwn(llvm::StringRef key) const;

  /// A number under a key without the family's prefix.
  std::optional<double> getNumber(llvm::StringRef key) const;
};

/// Reads the text of config.json at `path`. A key that is neither known nor
/// known as harmless, that has a value which no spec reckons with, or that
/// contradicts another one is an error. Strings go into `saver`.
llvm::Expected<Config> readConfig(llvm::StringRef path, llvm::StringRef text,
                                  llvm::StringSaver &saver);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_CONFIG_H
