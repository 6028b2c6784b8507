//===- gguf-fuzzer.cpp - Feed broken GGUF files to the reader ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See FuzzFile.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "test/frontend/FuzzFile.h"

using namespace quipu;

/// Of a good file all data can be read and everything in it can be found.
static bool parses(StringRef bytes) {
  Expected<std::unique_ptr<GgufFile>> file =
      parseGguf(MemoryBuffer::getMemBuffer(bytes, "input",
                                           /*RequiresNullTerminator=*/false));
  if (!file) {
    checkSentence(file.takeError());
    return false;
  }
  for (const auto &[key, value] : (*file)->getMetadata())
    if ((*file)->find(key) != &value)
      report_fatal_error("a key that is not found");
  volatile uint8_t sum = 0;
  for (const CheckpointTensor &tensor : (*file)->getTensors()) {
    if ((*file)->findTensor(tensor.name) != &tensor)
      report_fatal_error("a tensor that is not found");
    for (uint8_t byte : tensor.data)
      sum = sum + byte;
  }
  return true;
}
