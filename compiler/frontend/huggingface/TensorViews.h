//===- TensorViews.h - A folder's tensors under GGUF's names ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_HUGGINGFACE_TENSORVIEWS_H
#define QUIPU_COMPILER_FRONTEND_HUGGINGFACE_TENSORVIEWS_H

#include "compiler/frontend/huggingface/Config.h"
#include "compiler/frontend/safetensors/SafetensorsFile.h"
#include <deque>

namespace quipu {

/// The tensors of a folder as GGUF has them: matrices as views of the mapped
/// files, vectors that differ in their numbers as copies.
struct TensorViews {
  std::vector<CheckpointTensor> tensors;
  std::deque<std::vector<uint8_t>> copies;
};

/// Names and arranges the tensors of `files` as `config.names` say. `reorders`
/// says whether rows of q and k, which lie in halves, are to be read in turns.
/// Tensors that the names do not have keep their own.
llvm::Expected<TensorViews>
viewTensors(llvm::ArrayRef<std::unique_ptr<SafetensorsFile>> files,
            const Config &config, bool reorders, llvm::StringSaver &saver);

/// The same for one tensor of a file, whose name may be another.
llvm::Expected<TensorViews> viewTensor(const SafetensorsFile &file,
                                       const SafetensorsTensor &tensor,
                                       const Config &config, bool reorders,
                                       llvm::StringSaver &saver);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_HUGGINGFACE_TENSORVIEWS_H
