//===- safetensors-fuzzer.cpp - Broken safetensors files ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See FuzzFile.h. What parses is then named and arranged as a folder's tensors.
//
//===----------------------------------------------------------------------===//

#include "test/frontend/huggingface/FuzzViews.h"

using namespace quipu;

static bool parses(StringRef bytes) {
  auto file = parseSafetensors(MemoryBuffer::getMemBuffer(
      bytes, "input", /*RequiresNullTerminator=*/false));
  if (!file) {
    checkSentence(file.takeError());
    return false;
  }
  Files files;
  files.push_back(std::move(*file));
  Config config{FolderNames("gpt_oss"), {}, {}, {}};
  config.metadata["gpt-oss.attention.head_count"] = int64_t(2);
  return viewAll(files, config);
}
