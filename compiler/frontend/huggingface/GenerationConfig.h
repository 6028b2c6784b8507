//===- GenerationConfig.h - How a folder's texts go on ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_GENERATIONCONFIG_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_GENERATIONCONFIG_H

#include "compiler/frontend/huggingface/Config.h"

namespace quipu {

/// Adds to `config` what the text of generation_config.json at `path` says,
/// under GGUF's keys. `warnings` gets a sentence for each key that changes
/// texts and that programs can do nothing with.
llvm::Error readGenerationConfig(llvm::StringRef path, llvm::StringRef text,
                                 Config &config, llvm::StringSaver &saver,
                                 std::vector<std::string> &warnings);

/// Adds the tokens that end a text as config.json at `path` has them, unless
/// generation_config.json has said which.
llvm::Error addConfigEnds(llvm::StringRef path, Config &config);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_GENERATIONCONFIG_H
