//===- FuzzViews.h - Read all of a folder's tensors -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_FRONTEND_HUGGINGFACE_FUZZVIEWS_H
#define QUIPU_TEST_FRONTEND_HUGGINGFACE_FUZZVIEWS_H

#include "compiler/frontend/huggingface/TensorViews.h"
#include "test/frontend/FuzzFile.h"

using Files = std::vector<std::unique_ptr<quipu::SafetensorsFile>>;

/// Whether the tensors fit the config; then each of their rows can be read.
inline bool viewAll(const Files &files, const quipu::Config &config) {
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  for (bool reorders : {false, true}) {
    auto views = quipu::viewTensors(files, config, reorders, saver);
    if (!views) {
      checkSentence(views.takeError());
      return false;
    }
    for (const quipu::CheckpointTensor &tensor : views->tensors) {
      int64_t rows = 1;
      for (int64_t size : ArrayRef(tensor.shape).drop_back())
        rows *= size;
      std::vector<uint8_t> row(tensor.getRowBytes());
      for (int64_t i = 0; i < rows; ++i)
        tensor.readRows(i, 1, row.data());
    }
  }
  return true;
}

#endif // QUIPU_TEST_FRONTEND_HUGGINGFACE_FUZZVIEWS_H
